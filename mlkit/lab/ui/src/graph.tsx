/** The graph: a row a step, lines between them, and what can be done with each. */

import { fileIcon, notebookIcon, runIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { IGraph, State } from './api';
import { CommandIDs, useLab } from './context';
import { Badge, Sign } from './icons';
import { Said, stands } from './parts';
import { duration } from './words';

const ROW = 36; // pixels, as the server draws them
const TOLD: State[] = ['blocked', 'failed', 'stale', 'skipped'];

export function Graph(props: { graph: IGraph }): JSX.Element {
  const { graph } = props;
  if (graph.problem) {
    return <Faulty graph={graph} />;
  }
  const names = Object.keys(graph.steps);
  return (
    <div className="mlkit-Graph" style={{ height: names.length * ROW }}>
      <Lines graph={graph} />
      <ol className="mlkit-Graph-rows">
        {names.map(name => (
          <Row key={name} name={name} indent={graph.map!.label - 8} />
        ))}
      </ol>
    </div>
  );
}

function Lines(props: { graph: IGraph }): JSX.Element {
  const { model } = useLab();
  const map = props.graph.map!;
  return (
    <svg className="mlkit-Graph-map" width={map.label} height={map.height} aria-hidden="true">
      {map.lines.map(line => (
        <path key={`${line.from} ${line.to}`} d={line.path} className="mlkit-Graph-line" />
      ))}
      {Object.entries(map.stops).map(([name, [x, y]]) => (
        <g key={name} transform={`translate(${x} ${y})`}>
          <Sign state={model.state(name)} />
        </g>
      ))}
    </svg>
  );
}

function Row(props: { name: string; indent: number }): JSX.Element {
  const { model, commands, trans } = useLab();
  const { name } = props;
  const step = model.step(name)!;
  const state = model.state(name);
  const chosen = model.chosen === name;
  const live = model.going ? model.live!.steps.get(name) : undefined;
  const why = live?.why || step.why;
  const saved = step.drafts.join(', ');
  const drafts = saved && trans.__('Saved by hand: %1', saved);
  const said = live || !stands(state) ? '' : step.headline?.word;
  const row = React.useRef<HTMLLIElement>(null);
  React.useEffect(() => {
    if (chosen) {
      row.current?.scrollIntoView({ block: 'nearest' });
    }
  }, [chosen]);
  const open = () => {
    model.choose(name);
    void commands.execute(CommandIDs.notebook, { path: step.notebook });
  };
  return (
    <li
      ref={row}
      className={`mlkit-Row mlkit-mod-${state}${chosen ? ' mlkit-mod-chosen' : ''}`}
      style={{ height: ROW, paddingLeft: props.indent }}
      title={`${name}: ${why.replace(`${name} `, '')}`}
    >
      <button
        type="button"
        className="mlkit-Row-main"
        aria-label={[`${name}: ${state}`, said, drafts, why].filter(Boolean).join('. ')}
        aria-current={chosen ? 'step' : undefined}
        onClick={open}
      >
        <span className="mlkit-Row-name">{name}</span>
        <span className="mlkit-Row-facts">
          <span className="mlkit-Row-time">
            <Time name={name} />
          </span>
          {!live && <Said state={state} headline={step.headline} />}
          {drafts && (
            <span className="mlkit-Tag" title={drafts}>
              {trans.__('draft')}
            </span>
          )}
        </span>
      </button>
      <span className="mlkit-Row-tools">
        {step.executed && (
          <Tool
            icon={notebookIcon}
            label={trans.__('Open the executed copy of %1', name)}
            act={() => commands.execute(CommandIDs.notebook, { path: step.executed })}
          />
        )}
        <Tool
          icon={runIcon}
          label={trans.__('Run %1 alone', name)}
          disabled={model.going || model.starting}
          act={() => commands.execute(CommandIDs.only, { step: name })}
        />
      </span>
    </li>
  );
}

/** How long a step took, or how far it is. */
function Time(props: { name: string }): JSX.Element {
  const { model, trans } = useLab();
  const step = model.step(props.name)!;
  const live = model.going ? model.live!.steps.get(props.name) : undefined;
  if (live?.state === 'running') {
    const { cell, cells } = live;
    return <>{cell ? trans.__('cell %1 of %2', cell, cells || '?') : trans.__('starting')}</>;
  }
  const state = model.state(props.name);
  if (TOLD.includes(state)) {
    return <>{state}</>;
  }
  const seconds = state === 'unreadable' ? 0 : live?.seconds || step.seconds;
  return <>{seconds ? duration(seconds) : ''}</>;
}

function Tool(props: {
  icon: typeof runIcon;
  label: string;
  disabled?: boolean;
  act: () => unknown;
}): JSX.Element {
  return (
    <button
      type="button"
      className="mlkit-Tool"
      title={props.label}
      aria-label={props.label}
      disabled={props.disabled}
      onClick={() => void props.act()}
    >
      <props.icon.react tag="span" width="14px" height="14px" />
    </button>
  );
}

/** Notebooks that make no graph: what is wrong, and where. */
function Faulty(props: { graph: IGraph }): JSX.Element {
  const { commands, trans } = useLab();
  const problem = props.graph.problem!;
  return (
    <>
      <div className="mlkit-Card mlkit-mod-failed" role="alert">
        <p className="mlkit-Card-title">{problem.what}</p>
        <p>{problem.where}</p>
        {problem.got && <pre className="mlkit-Card-code">{problem.got}</pre>}
        {problem.todo && <p>{trans.__('To do: %1', problem.todo)}</p>}
      </div>
      <ol className="mlkit-Graph-rows">
        {(props.graph.notebooks ?? []).map(path => {
          const bad = problem.notebooks.includes(path);
          return (
            <li key={path} className="mlkit-Row" style={{ height: ROW }}>
              <button
                type="button"
                className="mlkit-Row-main"
                onClick={() => void commands.execute(CommandIDs.notebook, { path })}
              >
                <span className="mlkit-Row-icon">
                  {bad ? <Badge state="failed" /> : <fileIcon.react tag="span" width="14px" />}
                </span>
                <span className="mlkit-Row-name">{path.split('/').pop()}</span>
              </button>
            </li>
          );
        })}
      </ol>
    </>
  );
}
