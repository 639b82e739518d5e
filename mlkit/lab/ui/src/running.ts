/** Runs in Lab's list of what is running, and in its status bar. */

import { IRunningSessions } from '@jupyterlab/running';
import { ReactWidget } from '@jupyterlab/ui-components';
import { ISignal, Signal } from '@lumino/signaling';
import * as React from 'react';

import { CommandIDs, Context, IContext, useLab } from './context';
import { pipelineIcon } from './icons';

export class Running implements IRunningSessions.IManager {
  readonly name: string;

  constructor(private readonly lab: IContext) {
    this.name = lab.trans.__('ML workflows');
    this.shutdownLabel = lab.trans.__('Stop');
    this.shutdownAllLabel = lab.trans.__('Stop all');
    this.shutdownAllConfirmationText = lab.trans.__(
      'Stop the run that goes on, and all models that are served?'
    );
    lab.model.changed.connect(() => {
      const { going, live, served } = lab.model;
      const run = JSON.stringify([going ? live!.run : '', served]);
      if (run !== this.last) {
        this.last = run;
        this._changed.emit();
      }
    });
  }

  readonly shutdownLabel: string;
  readonly shutdownAllLabel: string;
  readonly shutdownAllConfirmationText: string;

  get runningChanged(): ISignal<this, void> {
    return this._changed;
  }

  running(): IRunningSessions.IRunningItem[] {
    const { commands, model, trans } = this.lab;
    const run = {
      icon: () => pipelineIcon,
      label: () => model.project!.name,
      labelTitle: () => `${model.project!.path}, run ${model.live!.run}`,
      open: () => void commands.execute(CommandIDs.show),
      shutdown: () => void commands.execute(CommandIDs.stop)
    };
    const served = model.served.map(({ project, name, version }) => ({
      icon: () => pipelineIcon,
      label: () => trans.__('%1, served', name),
      labelTitle: () => trans.__('%1: model %2 answers', project, version),
      open: () => void commands.execute(CommandIDs.served, { project }),
      shutdown: () => void commands.execute(CommandIDs.unserve, { project })
    }));
    return model.going ? [run, ...served] : served;
  }

  refreshRunning(): void {
    void this.lab.model.refresh();
  }

  shutdownAll(): void {
    this.running().forEach(one => one.shutdown?.());
  }

  private readonly _changed = new Signal<this, void>(this);
  private last = '';
}

/** "churn: clean 2/13", shown while a run goes on. */
export class StatusItem extends ReactWidget {
  constructor(private readonly lab: IContext) {
    super();
    this.addClass('mlkit-Status');
  }

  protected render(): JSX.Element {
    const children = React.createElement(Going);
    return React.createElement(Context.Provider, { value: this.lab }, children);
  }
}

function Going(): JSX.Element | null {
  const { model, commands, trans } = useLab();
  if (!model.going) {
    return null;
  }
  const [done, all] = model.live!.done;
  const text = `${model.project!.name}: ${model.live!.working[0] ?? ''} ${done}/${all}`;
  const act = {
    type: 'button' as const,
    className: 'mlkit-Status-button',
    title: trans.__('A run goes on: show the ML workflow'),
    onClick: () => void commands.execute(CommandIDs.show)
  };
  return React.createElement('button', act, text);
}
