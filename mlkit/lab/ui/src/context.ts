/** What every part of the panel is given. */

import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { Model } from './model';

export interface IContext {
  model: Model;
  commands: CommandRegistry;
  trans: TranslationBundle;
  renderers: IRenderMimeRegistry | null;
}

export const Context = React.createContext<IContext | null>(null);

/** What this part was given; it is drawn anew whenever the model changes. */
export function useLab(): IContext {
  const context = React.useContext(Context)!;
  const [, draw] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    context.model.changed.connect(draw);
    return () => {
      context.model.changed.disconnect(draw);
    };
  }, [context.model]);
  return context;
}

/** The names of the commands. */
export const CommandIDs = {
  show: 'mlkit:show',
  create: 'mlkit:new',
  open: 'mlkit:open',
  adopt: 'mlkit:adopt',
  run: 'mlkit:run',
  only: 'mlkit:run-step',
  from: 'mlkit:run-from',
  until: 'mlkit:run-until',
  resume: 'mlkit:resume',
  stop: 'mlkit:stop',
  report: 'mlkit:report',
  page: 'mlkit:open-page',
  artifact: 'mlkit:open-artifact',
  compare: 'mlkit:compare',
  notebook: 'mlkit:open-notebook',
  decision: 'mlkit:open-decision',
  below: 'mlkit:run-below-decision',
  card: 'mlkit:model-card',
  served: 'mlkit:try-model',
  serve: 'mlkit:serve-model',
  unserve: 'mlkit:stop-serving',
  goal: 'mlkit:edit-goal'
} as const;
