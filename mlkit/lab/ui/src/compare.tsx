/** Two runs compared: parameters, metrics, pictures, and all else that differs. */

import { MainAreaWidget } from '@jupyterlab/apputils';
import * as React from 'react';

import { IChange, IComparison, IShown } from './api';
import { CommandIDs, IContext, useLab } from './context';
import { Trouble, useAsked } from './parts';
import { Picture, shownIn } from './tabs';
import { moment, number, shown } from './words';

export const compareId = (project: string, old: string, young: string) =>
  `mlkit-compare-${project}-${old}-${young}`;

export function comparison(
  context: IContext,
  project: string,
  old: string,
  young: string
): MainAreaWidget {
  const body = <Comparison project={project} old={old} young={young} />;
  const label = context.trans.__('Two runs');
  return shownIn(context, body, compareId(project, old, young), label);
}

interface IRuns {
  project: string;
  old: string;
  young: string;
}

function Comparison(props: IRuns): JSX.Element {
  const { model, trans } = useLab();
  const { project, old, young } = props;
  const [found, error] = useAsked(() => model.api.compare(project, old, young), [old, young]);
  if (error) {
    return <Trouble error={error} />;
  }
  if (!found) {
    return <p className="mlkit-Empty">{trans.__('Loading…')}</p>;
  }
  const { changes, pictures } = found;
  const upper = changes.filter(one => one.kind === 'parameter' || one.kind === 'decision');
  const states = changes.filter(one => one.kind === 'state');
  const metrics = changes.filter(one => one.kind === 'metric');
  const rest = changes.filter(one => one.kind === 'artifact' || one.kind === 'version');
  const same = changes.length + pictures.length === 0;
  return (
    <article className="mlkit-Compare">
      <h1 className="mlkit-Tab-title">{trans.__('Two runs')}</h1>
      <p className="mlkit-Help">
        <span title={old}>{moment(found.old)}</span> → <span title={young}>{moment(found.new)}</span>
      </p>
      {same && <p className="mlkit-Empty">{trans.__('Nothing differs.')}</p>}
      <Changes {...props} title={trans.__('States')} changes={states} />
      <Changes {...props} title={trans.__('Parameters and decisions')} changes={upper} />
      <Changes {...props} title={trans.__('Metrics')} changes={metrics} />
      <Pictures pictures={pictures} />
      <Changes {...props} title={trans.__('Artifacts and versions')} changes={rest} />
    </article>
  );
}

function Changes(props: IRuns & { title: string; changes: IChange[] }): JSX.Element | null {
  const { trans } = useLab();
  if (!props.changes.length) {
    return null;
  }
  return (
    <section>
      <h2 className="mlkit-Title">{props.title}</h2>
      <table className="mlkit-Table" aria-label={props.title}>
        <thead>
          <tr>
            <th scope="col">{trans.__('step')}</th>
            <th scope="col">{trans.__('name')}</th>
            <th scope="col">{trans.__('before')}</th>
            <th scope="col">{trans.__('after')}</th>
          </tr>
        </thead>
        <tbody>
          {props.changes.map(change => (
            <tr key={`${change.kind} ${change.step} ${change.name}`}>
              <td>{change.step}</td>
              <td>
                <Name change={change} />
              </td>
              <td>
                <Side {...props} run={props.old} change={change} value={change.old} />
              </td>
              <td>
                <Side {...props} run={props.young} change={change} value={change.new} />
                <Moved change={change} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** A metric without the artifact that it stands in, which is told quietly. */
function Name(props: { change: IChange }): JSX.Element {
  const { trans } = useLab();
  const { kind, name, title, artifact } = props.change;
  if (kind === 'state') {
    return <>{trans.__('state')}</>;
  }
  return title ? (
    <>
      {title} <span className="mlkit-Help">{artifact}</span>
    </>
  ) : (
    <>{name}</>
  );
}

/** By how much a number has moved. */
function Moved(props: { change: IChange }): JSX.Element | null {
  const { kind, old, new: young } = props.change;
  if (kind !== 'metric' || typeof old !== 'number' || typeof young !== 'number') {
    return null;
  }
  const by = young - old;
  return (
    <span className="mlkit-Help">
      {by < 0 ? '−' : '+'}
      {number(Math.abs(by))}
    </span>
  );
}

/** One side of a difference; of an artifact that is a picture, the picture. */
function Side(props: {
  project: string;
  run: string;
  change: IChange;
  value: unknown;
}): JSX.Element {
  const { commands, trans } = useLab();
  const { project, run, change, value } = props;
  if (change.kind !== 'artifact' || value === null) {
    return <>{shown(value)}</>;
  }
  if (JSON.stringify(value).includes('figure-')) {
    return <Picture project={project} run={run} name={change.name} path="figure.png" />;
  }
  const open = () => commands.execute(CommandIDs.artifact, { project, name: change.name, run });
  return (
    <button
      type="button"
      className="mlkit-Link"
      aria-label={trans.__('Open %1 of run %2', change.name, run)}
      onClick={() => void open()}
    >
      {trans.__('open')}
    </button>
  );
}

/** The last picture of each step, of both runs, side by side. */
function Pictures(props: { pictures: IComparison['pictures'] }): JSX.Element | null {
  const { trans } = useLab();
  if (!props.pictures.length) {
    return null;
  }
  const side = (one: IShown | null, step: string, when: string) => (
    <figure>
      {one ? (
        <img className="mlkit-Picture" src={one.source} alt={`${one.alt || step}, ${when}`} />
      ) : (
        <p className="mlkit-Empty">{trans.__('No picture.')}</p>
      )}
      <figcaption className="mlkit-Help">{when}</figcaption>
    </figure>
  );
  return (
    <section>
      <h2 className="mlkit-Title">{trans.__('Pictures')}</h2>
      {props.pictures.map(one => (
        <div key={one.step} className="mlkit-Pair">
          <h3>{one.step}</h3>
          {side(one.old, one.step, trans.__('before'))}
          {side(one.new, one.step, trans.__('after'))}
        </div>
      ))}
    </section>
  );
}
