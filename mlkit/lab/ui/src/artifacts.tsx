/** Artifacts and decisions: lists in the panel. */

import * as React from 'react';

import { IDecision } from './api';
import { CommandIDs, useLab } from './context';
import { Button, Trouble, useAsked } from './parts';
import { shown } from './words';

export function Artifacts(): JSX.Element {
  const { model, commands, trans } = useLab();
  const project = model.project!.path;
  const [found, error] = useAsked(() => model.api.artifacts(project), [project, model.graph]);
  if (error) {
    return <Trouble error={error} />;
  }
  if (!found?.length) {
    return <p className="mlkit-Empty">{trans.__('Nothing has been saved yet.')}</p>;
  }
  return (
    <ul className="mlkit-List">
      {found.map(one => (
        <li key={one.name}>
          <button
            type="button"
            className="mlkit-List-main"
            onClick={() => void commands.execute(CommandIDs.artifact, { project, name: one.name })}
          >
            <span className="mlkit-List-name">{one.name}</span>
            <span className="mlkit-Help">
              {one.kind} · {one.summary}
              {one.sealed ? ` · ${trans.__('sealed')}` : ''}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

export function Decisions(): JSX.Element {
  const { model, trans } = useLab();
  const project = model.project!.path;
  const found = model.decisions;
  const [lines, error] = useAsked(() => model.api.ledger(project), [project, model.graph]);
  if (error) {
    return <Trouble error={error} />;
  }
  return (
    <>
      {!found && model.graph?.problem && (
        <p className="mlkit-Empty">{trans.__('The notebooks make no graph yet: see Steps.')}</p>
      )}
      {found?.length === 0 && <p className="mlkit-Empty">{trans.__('No step asks for one.')}</p>}
      <Chosen title={trans.__('Decided')} decisions={(found ?? []).filter(one => one.made)} />
      <Chosen title={trans.__('By default')} decisions={(found ?? []).filter(one => !one.made)} />
      <h4 className="mlkit-Title">{trans.__('Ledger')}</h4>
      {lines?.length === 0 && <p className="mlkit-Empty">{trans.__('It is empty.')}</p>}
      <ul className="mlkit-List">
        {(lines ?? []).map(line => (
          <li key={String(line.hash)} className="mlkit-Ledger">
            <b>{String(line.event)}</b> {shown(line.step ?? '')} {shown(line.state ?? line.why ?? '')}
            <p className="mlkit-Help">
              {String(line.at).slice(0, 16).replace('T', ' ')} · {shown(line.by)}
            </p>
          </li>
        ))}
      </ul>
    </>
  );
}

function Chosen(props: { title: string; decisions: IDecision[] }): JSX.Element | null {
  if (!props.decisions.length) {
    return null;
  }
  return (
    <>
      <h4 className="mlkit-Title">{props.title}</h4>
      <ul className="mlkit-List">
        {props.decisions.map(one => (
          <Decision key={one.name} decision={one} />
        ))}
      </ul>
    </>
  );
}

function Decision(props: { decision: IDecision }): JSX.Element {
  const { model, commands, trans } = useLab();
  const one = props.decision;
  const { name } = one;
  const asked = !!model.step(one.step);
  const value = one.told || (typeof one.value === 'object' ? '' : shown(one.value));
  const undo = async () => {
    await model.api.undo(model.project!.path, one.name);
    await model.refresh();
  };
  const said = one.made
    ? trans.__('by %1, %2', one.by ?? '', (one.at ?? '').slice(0, 10))
    : trans.__('default of %1', one.step);
  return (
    <li className="mlkit-Decision">
      <button
        type="button"
        className="mlkit-List-main"
        disabled={!asked}
        title={trans.__('Go to the cell that asks for it')}
        onClick={() => void commands.execute(CommandIDs.decision, { name })}
      >
        <span className="mlkit-List-name">{name}</span>
        {value && <span className="mlkit-Value">{value}</span>}
        <span className="mlkit-Help">
          {said}
          {one.why ? `: ${one.why}` : ''}
        </span>
      </button>
      {one.made && (
        <div className="mlkit-Buttons">
          {asked && (
            <Button
              label={trans.__('Run the cells below')}
              title={trans.__('Run the cell that asks for it, and all below, in its notebook')}
              onClick={() => commands.execute(CommandIDs.below, { name })}
            />
          )}
          <Button label={trans.__('Undo')} onClick={undo} />
        </div>
      )}
    </li>
  );
}
