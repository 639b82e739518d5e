/** The model card, and how a model came to be the one in use. */

import { MainAreaWidget } from '@jupyterlab/apputils';
import * as React from 'react';

import { IModel } from './api';
import { CommandIDs, IContext, useLab } from './context';
import { Markdown } from './markdown';
import { Button, Trouble, useAsked } from './parts';
import { shownIn } from './tabs';

export const cardId = (project: string, run: string) => `mlkit-card-${project}-${run}`;

export function card(context: IContext, project: string, run: string): MainAreaWidget {
  const label = context.trans.__('Model card');
  return shownIn(context, <Card project={project} run={run} />, cardId(project, run), label);
}

function Card(props: { project: string; run: string }): JSX.Element {
  const { model, trans } = useLab();
  const { project, run } = props;
  const keys = [project, run, run ? '' : model.graph];
  const [found, error] = useAsked(() => model.api.model(project, run || undefined), keys);
  if (error) {
    return <Trouble error={error} />;
  }
  if (!found) {
    return <p className="mlkit-Empty">{trans.__('Loading…')}</p>;
  }
  return (
    <article className="mlkit-ModelCard">
      <Standing {...props} found={found} />
      <Markdown text={found.card} />
    </article>
  );
}

/** Whether it is the model in use, and what can be done with it. */
function Standing(props: { project: string; run: string; found: IModel }): JSX.Element {
  const { model, commands, trans } = useLab();
  const { project, run, found } = props;
  const { champion } = found;
  const served = model.served.some(one => one.project === project);
  const version = found.package.split('-').pop()!.slice(0, 12);
  const told =
    found.is_champion && champion
      ? trans.__('In use since %1, by %2: %3', champion.at.slice(0, 10), champion.by, champion.why)
      : found.trial
        ? trans.__(
            'Not in use: a trial’s model cannot be. To use it, write the trial’s parameters into the notebooks and run again.'
          )
        : champion
          ? trans.__('Another model is in use.')
          : trans.__('Not in use: no model has been accepted yet.');
  return (
    <header className="mlkit-Standing">
      <div>
        <p className="mlkit-Standing-title">
          {trans.__('Model %1', version)}
          {found.is_champion && <span className="mlkit-Tag">{trans.__('champion')}</span>}
        </p>
        <p className="mlkit-Help">{told}</p>
      </div>
      <div className="mlkit-Buttons">
        {found.is_champion && (
          <Button
            label={served ? trans.__('Try it') : trans.__('Serve and try it')}
            title={trans.__('Ask the model by hand, on a page of its own')}
            primary
            onClick={() => commands.execute(CommandIDs.serve, { project })}
          />
        )}
        {found.is_champion && served && (
          <Button
            label={trans.__('Stop serving')}
            onClick={() => commands.execute(CommandIDs.unserve, { project })}
          />
        )}
        <Button
          label={trans.__('Files')}
          title={trans.__('The files of the package')}
          onClick={() =>
            commands.execute(CommandIDs.artifact, {
              project,
              name: 'package',
              run: run || (found.is_champion ? champion?.run : undefined)
            })
          }
        />
      </div>
    </header>
  );
}
