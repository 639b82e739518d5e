/** Runs: the one going on with its log, past ones, and two to be compared. */

import * as React from 'react';

import { IPast } from './api';
import { CommandIDs, useLab } from './context';
import { Badge } from './icons';
import { Button, Said, Trouble, useAsked } from './parts';
import { clock, duration, moment, number } from './words';

export function Runs(): JSX.Element {
  const { model, commands, trans } = useLab();
  const [chosen, setChosen] = React.useState('');
  const [marked, setMarked] = React.useState<string[]>([]);
  const mark = (run: string, on: boolean) =>
    setMarked(on ? [...marked, run].slice(-2) : marked.filter(one => one !== run));
  const compare = () => {
    const [old, young] = [...marked].sort();
    return commands.execute(CommandIDs.compare, { project: model.project!.path, old, new: young });
  };
  const past = model.runs.filter(one => one.state !== 'running');
  return (
    <>
      {model.live && <Log />}
      {marked.length === 2 && (
        <div className="mlkit-Buttons">
          <Button label={trans.__('Compare the two')} primary onClick={compare} />
        </div>
      )}
      {past.length === 0 && !model.live && (
        <p className="mlkit-Empty">{trans.__('There are no runs yet.')}</p>
      )}
      <ul className="mlkit-Runs">
        {past.map(one => (
          <Past
            key={one.run}
            past={one}
            open={chosen === one.run}
            marked={marked.includes(one.run)}
            toggle={() => setChosen(chosen === one.run ? '' : one.run)}
            mark={on => mark(one.run, on)}
          />
        ))}
      </ul>
    </>
  );
}

function Past(props: {
  past: IPast;
  open: boolean;
  marked: boolean;
  toggle: () => void;
  mark: (on: boolean) => void;
}): JSX.Element {
  const { trans } = useLab();
  const { past } = props;
  const ended = past.began !== undefined;
  return (
    <li className="mlkit-Past">
      <div className="mlkit-Past-head">
        <input
          type="checkbox"
          checked={props.marked}
          disabled={!ended}
          aria-label={trans.__('Compare run %1', past.run)}
          onChange={event => props.mark(event.target.checked)}
        />
        <button
          type="button"
          className="mlkit-Past-main"
          aria-expanded={props.open}
          disabled={!ended}
          title={past.run}
          onClick={props.toggle}
        >
          <Badge state={past.state} />
          <span className="mlkit-Past-told">
            <span className="mlkit-Past-when">{ended ? moment(past.began!) : past.run}</span>
            <span className="mlkit-Past-how">{headline(past)}</span>
          </span>
        </button>
      </div>
      {props.open && ended && <Account run={past.run} />}
    </li>
  );
}

/** What it comes to, and the number that matters most, else how many steps ran. */
function headline(past: IPast): string {
  const metrics = Object.entries(past.metrics ?? {});
  const first = metrics.find(([name]) => name === past.metric) ?? metrics[0];
  const words = past.variant && past.variant !== 'main' ? [past.trial ? 'trial' : 'variant'] : [];
  if (past.said) {
    words.push(past.said);
  }
  if (first) {
    words.push(`${past.titles![first[0]]} ${number(first[1])}`);
  } else if (past.executed) {
    words.push(`${past.executed.length} ran`);
  }
  return words.join(' · ');
}

/** One past run: how each step ended, and where to look. */
function Account(props: { run: string }): JSX.Element {
  const { model, commands, trans } = useLab();
  const project = model.project!.path;
  const [run, error] = useAsked(() => model.api.run(project, props.run), [project, props.run]);
  if (error) {
    return <Trouble error={error} />;
  }
  if (!run) {
    return <p className="mlkit-Empty">{trans.__('Loading…')}</p>;
  }
  return (
    <div className="mlkit-Account">
      <div className="mlkit-Buttons">
        <Button
          label={trans.__('Report')}
          onClick={() => commands.execute(CommandIDs.report, { project, run: props.run })}
        />
        {Object.values(run.steps).some(step => 'package' in step.saves) && (
          <Button
            label={trans.__('Model card')}
            onClick={() => commands.execute(CommandIDs.card, { project, run: props.run })}
          />
        )}
        <span className="mlkit-Help">{duration(run.seconds)}</span>
      </div>
      <ul className="mlkit-Account-steps">
        {Object.entries(run.steps).map(([name, step]) => (
          <li key={name}>
            <button
              type="button"
              className="mlkit-Link"
              disabled={!step.executed}
              title={step.why}
              onClick={() => void commands.execute(CommandIDs.notebook, { path: step.executed })}
            >
              <Badge state={step.state} /> {name}
            </button>
            <Said state={step.state} headline={step.headline} />
            {step.state !== 'kept' && <span className="mlkit-Help">{duration(step.seconds)}</span>}
            {step.error && <p className="mlkit-Error">{step.error.message}</p>}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** What the run going on has told so far; it stays at its end until somebody scrolls. */
function Log(): JSX.Element {
  const { model, trans } = useLab();
  const live = model.live!;
  const box = React.useRef<HTMLDivElement>(null);
  const follows = React.useRef(true);
  React.useEffect(() => {
    if (box.current && follows.current) {
      box.current.scrollTop = box.current.scrollHeight;
    }
  }, [live.told]);
  const scrolled = () => {
    const { scrollHeight, scrollTop, clientHeight } = box.current!;
    follows.current = scrollHeight - scrollTop - clientHeight < 24;
  };
  return (
    <section>
      <h4 className="mlkit-Title">{live.ended ? trans.__('Last run') : trans.__('Running')}</h4>
      <div
        className="mlkit-Log"
        ref={box}
        role="log"
        tabIndex={0}
        aria-label={trans.__('Log of the run')}
        onScroll={scrolled}
      >
        {live.log.map((line, index) =>
          line.written ? (
            <pre key={index}>{line.text}</pre>
          ) : (
            <p key={index}>
              <time>{clock(line.time)}</time>
              {line.text}
            </p>
          )
        )}
      </div>
    </section>
  );
}
