/** The side panel: a project's head, and its steps, runs, artifacts and decisions. */

import { ReactWidget, editIcon, refreshIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import { Artifacts, Decisions } from './artifacts';
import { CommandIDs, Context, IContext, useLab } from './context';
import { Graph } from './graph';
import { Badge, pipelineIcon } from './icons';
import { Button, Trouble } from './parts';
import { Runs } from './runs';
import { Step } from './step';
import { tried } from './tell';
import { duration } from './words';

const TABS = ['steps', 'runs', 'artifacts', 'decisions'] as const;
type Tab = (typeof TABS)[number];

export class Panel extends ReactWidget {
  constructor(private readonly context: IContext) {
    super();
    this.id = 'mlkit-panel';
    this.addClass('mlkit-Panel');
    this.title.icon = pipelineIcon;
    this.title.caption = context.trans.__('ML workflow');
    this.node.tabIndex = -1;
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', context.trans.__('ML workflow'));
  }

  /** Let the keyboard go on in the panel: at the chosen step, else at the button. */
  protected onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    const places = ['.mlkit-mod-chosen .mlkit-Row-main', '.mlkit-Main:enabled', 'button'];
    const found = places.map(place => this.node.querySelector<HTMLElement>(place));
    (found.find(one => one) ?? this.node).focus();
  }

  protected render(): JSX.Element {
    return (
      <Context.Provider value={this.context}>
        <Body />
      </Context.Provider>
    );
  }
}

function Body(): JSX.Element {
  const { model } = useLab();
  const [tab, setTab] = React.useState<Tab>('steps');
  if (!model.project) {
    return <Welcome />;
  }
  return (
    <>
      <Head />
      <Tabs tab={tab} set={setTab} />
      <div
        key={model.project.path}
        className={`mlkit-Body mlkit-mod-${tab}`}
        role="tabpanel"
        id="mlkit-tabpanel"
        aria-labelledby={`mlkit-tab-${tab}`}
      >
        {model.trouble && <Trouble error={model.trouble} />}
        {tab === 'steps' && <Steps />}
        {tab === 'runs' && <Runs />}
        {tab === 'artifacts' && <Artifacts />}
        {tab === 'decisions' && <Decisions />}
      </div>
    </>
  );
}

function Steps(): JSX.Element {
  const { model, trans } = useLab();
  if (!model.graph) {
    return model.trouble ? <></> : <p className="mlkit-Empty">{trans.__('Loading…')}</p>;
  }
  return (
    <>
      <div className="mlkit-Upper">
        <Graph graph={model.graph} />
        {model.graph.notices.map(notice => (
          <p key={notice} className="mlkit-Help mlkit-Notice">
            {notice}
          </p>
        ))}
      </div>
      <Step />
    </>
  );
}

/** What a person sees who has no project yet. */
function Welcome(): JSX.Element {
  const { commands, trans } = useLab();
  return (
    <div className="mlkit-Welcome">
      <pipelineIcon.react tag="div" width="48px" height="48px" />
      <h2>{trans.__('ML workflow')}</h2>
      <p>
        {trans.__(
          'A table and a target become notebooks that run as one pipeline. ' +
            'Go to a folder with an mlkit project, or make one.'
        )}
      </p>
      <Button
        label={trans.__('New project…')}
        primary
        onClick={() => commands.execute(CommandIDs.create)}
      />
      <Button
        label={trans.__('Open a folder…')}
        onClick={() => commands.execute(CommandIDs.open)}
      />
    </div>
  );
}

function Head(): JSX.Element {
  const { model, commands, trans } = useLab();
  const project = model.project!;
  return (
    <header className="mlkit-Head">
      <div className="mlkit-Head-line">
        <h2 className="mlkit-Head-name" title={project.path}>
          {project.name}
        </h2>
        <button
          type="button"
          className="mlkit-Tool"
          title={trans.__('Look again')}
          aria-label={trans.__('Look again')}
          onClick={() => void model.refresh()}
        >
          <refreshIcon.react tag="span" width="14px" height="14px" />
        </button>
      </div>
      <div className="mlkit-Head-line mlkit-mod-top">
        <p className="mlkit-Head-question">
          {project.question || <span className="mlkit-Help">{trans.__('No goal is stated.')}</span>}
        </p>
        <button
          type="button"
          className="mlkit-Tool"
          title={trans.__('Edit the goal…')}
          aria-label={trans.__('Edit the goal…')}
          onClick={() => void commands.execute(CommandIDs.goal)}
        >
          <editIcon.react tag="span" width="14px" height="14px" />
        </button>
      </div>
      <div className="mlkit-Buttons">
        {model.going ? (
          <Main
            icon={stopIcon}
            label={trans.__('Stop')}
            act={() => commands.execute(CommandIDs.stop)}
          />
        ) : (
          <Main
            icon={runIcon}
            label={model.starting ? trans.__('Starting…') : running(model.runs[0]?.state, trans)}
            disabled={model.starting || !!model.graph?.problem}
            act={() => commands.execute(CommandIDs.run)}
          />
        )}
        {model.runs.some(one => one.began !== undefined) && (
          <Button
            label={trans.__('Report')}
            title={trans.__('The report of the last run')}
            onClick={() => commands.execute(CommandIDs.report)}
          />
        )}
        {model.hasPackage && (
          <Button
            label={trans.__('Model')}
            title={trans.__('The model card; serve the model and try it')}
            onClick={() => commands.execute(CommandIDs.card)}
          />
        )}
      </div>
      <Progress />
      <Serving />
    </header>
  );
}

/** The model that is served, as long as it is. */
function Serving(): JSX.Element | null {
  const { model, commands, trans } = useLab();
  const one = model.serving;
  if (!one) {
    return null;
  }
  const act = (id: string) => () => void commands.execute(id, { project: one.project });
  return (
    <p className="mlkit-Served" role="status">
      <span className="mlkit-Dot" aria-hidden="true" />
      <span title={trans.__('Model %1', one.version)}>{trans.__('Served')}</span>
      <button type="button" className="mlkit-Link" onClick={act(CommandIDs.served)}>
        {trans.__('Try it')}
      </button>
      <button type="button" className="mlkit-Link" onClick={act(CommandIDs.unserve)}>
        {trans.__('Stop')}
      </button>
    </p>
  );
}

function running(last: string | undefined, trans: IContext['trans']): string {
  return last === 'interrupted' ? trans.__('Resume') : trans.__('Run');
}

function Main(props: {
  icon: typeof runIcon;
  label: string;
  disabled?: boolean;
  act: () => unknown;
}): JSX.Element {
  return (
    <button
      type="button"
      className="jp-mod-styled jp-mod-accept mlkit-Button mlkit-Main"
      disabled={props.disabled}
      onClick={() => tried(props.act)}
    >
      <props.icon.react tag="span" width="14px" height="14px" />
      {props.label}
    </button>
  );
}

/** How far the run is; how it ended, once it has. */
function Progress(): JSX.Element | null {
  const { model, trans } = useLab();
  const [now, setNow] = React.useState(Date.now());
  React.useEffect(() => {
    const timer = model.going ? setInterval(() => setNow(Date.now()), 1000) : undefined;
    return () => clearInterval(timer);
  }, [model.going]);
  const live = model.live;
  if (!live) {
    return null;
  }
  if (live.ended) {
    return (
      <p className="mlkit-Progress-end" role="status">
        <Badge state={live.state} /> {trans.__('The last run: %1', live.state)}
      </p>
    );
  }
  const [done, all] = live.done;
  const past = duration(Math.max(0, now / 1000 - live.began));
  return (
    <div className="mlkit-Progress">
      <progress max={all || 1} value={done} aria-label={trans.__('Steps done')} />
      <p role="status">{trans.__('%1 of %2 steps', done, all)}</p>
      <p className="mlkit-Progress-what">
        {live.working.join(', ') || trans.__('starting')} · {past}
      </p>
    </div>
  );
}

function Tabs(props: { tab: Tab; set: (tab: Tab) => void }): JSX.Element {
  const { trans } = useLab();
  const titles = {
    steps: trans.__('Steps'),
    runs: trans.__('Runs'),
    artifacts: trans.__('Artifacts'),
    decisions: trans.__('Decisions')
  };
  const move = (event: React.KeyboardEvent) => {
    const at = TABS.indexOf(props.tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      const next = TABS[(to + TABS.length) % TABS.length];
      props.set(next);
      document.getElementById(`mlkit-tab-${next}`)?.focus();
    }
  };
  return (
    <div className="mlkit-Tabs" role="tablist" onKeyDown={move}>
      {TABS.map(tab => (
        <button
          key={tab}
          id={`mlkit-tab-${tab}`}
          type="button"
          role="tab"
          aria-selected={tab === props.tab}
          aria-controls="mlkit-tabpanel"
          tabIndex={tab === props.tab ? 0 : -1}
          onClick={() => props.set(tab)}
        >
          {titles[tab]}
        </button>
      ))}
    </div>
  );
}
