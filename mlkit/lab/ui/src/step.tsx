/** The chosen step: why it stands as it does, its gate, its parameters, its saves. */

import { Notification } from '@jupyterlab/apputils';
import * as React from 'react';

import { IField, IStep, IVerdict, Refused } from './api';
import { CommandIDs, IContext, useLab } from './context';
import { Badge } from './icons';
import { ILiveStep } from './live';
import { refused } from './model';
import { Button, Said, Trouble, stands, useAsked } from './parts';

export function Step(): JSX.Element | null {
  const { model, commands, trans } = useLab();
  const name = model.chosen;
  const step = model.step(name);
  if (!step) {
    return null;
  }
  const state = model.state(name);
  const live = model.going ? model.live!.steps.get(name) : undefined;
  const shut = model.going || model.starting;
  const run = (id: string) => commands.execute(id, { step: name });
  return (
    <section className="mlkit-Step" aria-label={trans.__('Step %1', name)}>
      <h3 className="mlkit-Step-head">
        <Badge state={state} /> {name} <span className="mlkit-Step-state">{state}</span>
        {!live && <Said state={state} headline={step.headline} />}
      </h3>
      <p className="mlkit-Step-why">{live ? doing(live, trans) : step.why}</p>
      {!live && stands(state) && step.headline && (
        <p className="mlkit-Step-said">{step.headline.sentence}</p>
      )}
      {step.verdict && state === 'blocked' && (
        <Gate key={`gate of ${name}`} name={name} overrule={step.overrule} verdict={step.verdict} />
      )}
      <div className="mlkit-Buttons">
        <Button
          label={trans.__('Run')}
          title={trans.__('Run this step alone')}
          disabled={shut}
          onClick={() => run(CommandIDs.only)}
        />
        <Button
          label={trans.__('Run from here')}
          title={trans.__('Run this step and all after it')}
          disabled={shut}
          onClick={() => run(CommandIDs.from)}
        />
        <Button
          label={trans.__('Run until here')}
          title={trans.__('Run this step and all it needs')}
          disabled={shut}
          onClick={() => run(CommandIDs.until)}
        />
      </div>
      <Form key={name} name={name} step={step} />
      <Saves step={step} />
    </section>
  );
}

/** What a step of the run going on does, or why it ended as it did. */
function doing(live: ILiveStep, trans: IContext['trans']): string {
  if (live.state === 'running') {
    const { cell, cells } = live;
    return cell ? trans.__('At cell %1 of %2.', cell, cells || '?') : trans.__('Starting.');
  }
  return live.message || live.why || (live.state === 'waiting' ? trans.__('Comes later.') : '');
}

/** A gate that is shut: the bars that were missed, and a way to overrule it. */
function Gate(props: { name: string; overrule: string; verdict: IVerdict }): JSX.Element {
  const { model, trans } = useLab();
  const [why, setWhy] = React.useState('');
  const [error, setError] = React.useState<Refused | null>(null);
  const shut = props.verdict.findings.filter(
    one => one.state === 'missed' || (one.state === 'not_assessed' && one.required)
  );
  const overrule = async () => {
    try {
      await model.api.decide(model.project!.path, props.overrule, true, why);
      Notification.info(trans.__('The gate of %1 is overruled. Run again.', props.name));
      await model.refresh();
    } catch (no) {
      setError(refused(no));
    }
  };
  return (
    <div className="mlkit-Card mlkit-mod-blocked">
      <p className="mlkit-Card-title">
        {props.verdict.title || trans.__('The gate is shut')}
      </p>
      <ul className="mlkit-Findings">
        {shut.map(one => (
          <li key={one.bar}>
            <b>{one.bar}</b>
            {one.got && <span> {trans.__('got %1', one.got)}</span>}
            {one.need && <span>, {trans.__('need %1', one.need)}</span>}
            {one.help && <p className="mlkit-Help">{one.help}</p>}
          </li>
        ))}
      </ul>
      <div className="mlkit-Inline">
        <input
          className="mlkit-Input"
          value={why}
          placeholder={trans.__('Reason')}
          aria-label={trans.__('Reason to overrule the gate of %1', props.name)}
          onChange={event => setWhy(event.target.value)}
        />
        <Button label={trans.__('Overrule')} disabled={!why.trim()} onClick={overrule} />
      </div>
      {error && <Trouble error={error} />}
    </div>
  );
}

/** The parameters cell as a form. */
function Form(props: { name: string; step: IStep }): JSX.Element | null {
  const { model, commands, trans } = useLab();
  const project = model.project!.path;
  const [fields, error] = useAsked(
    () => model.api.parameters(project, props.name),
    [project, props.name, model.graph]
  );
  const [edits, setEdits] = React.useState<{ [name: string]: string }>({});
  const [wrong, setWrong] = React.useState<Refused | null>(null);
  const changed = (fields?.parameters ?? []).filter(
    field => field.name in edits && edits[field.name] !== field.text
  );
  const save = async (event: React.FormEvent) => {
    event.preventDefault();
    const values = Object.fromEntries(changed.map(field => [field.name, edits[field.name]]));
    try {
      await commands.execute(CommandIDs.notebook, { path: props.step.notebook, save: true });
      await model.api.setParameters(project, props.name, values);
      setEdits({});
      setWrong(null);
      await commands.execute(CommandIDs.notebook, { path: props.step.notebook, revert: true });
      await model.refresh();
    } catch (no) {
      setWrong(refused(no));
    }
  };
  if (error) {
    return <Trouble error={error} />;
  }
  if (!fields || fields.parameters.length === 0) {
    return null;
  }
  return (
    <form className="mlkit-Form" onSubmit={event => void save(event)}>
      <h4 className="mlkit-Title">{trans.__('Parameters')}</h4>
      {fields.parameters.map(field => (
        <Field
          key={field.name}
          field={field}
          text={edits[field.name] ?? field.text}
          set={text => setEdits({ ...edits, [field.name]: text })}
        />
      ))}
      {wrong && <Trouble error={wrong} />}
      {changed.length > 0 && (
        <div className="mlkit-Buttons">
          <button type="submit" className="jp-mod-styled mlkit-Button jp-mod-accept">
            {trans.__('Write to the notebook')}
          </button>
          <Button label={trans.__('Undo')} onClick={() => setEdits({})} />
        </div>
      )}
    </form>
  );
}

function Field(props: {
  field: IField;
  text: string;
  set: (text: string) => void;
}): JSX.Element {
  const { trans } = useLab();
  const { field, text } = props;
  const id = `mlkit-field-${field.name}`;
  const shared = {
    id,
    value: text,
    'aria-describedby': field.help ? `${id}-help` : undefined
  };
  const lines = field.text.split(/\r\n|\r|\n/).length;
  return (
    <div className={`mlkit-Field${text !== field.text ? ' mlkit-mod-changed' : ''}`}>
      <label htmlFor={id}>
        {field.name} <span className="mlkit-Type">{field.type}</span>
      </label>
      {field.choices.length > 0 ? (
        <select
          {...shared}
          className="mlkit-Input"
          onChange={event => props.set(event.target.value)}
        >
          {field.choices.map(choice => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      ) : lines > 1 ? (
        <textarea
          {...shared}
          className="mlkit-Input"
          rows={Math.min(lines + 1, 12)}
          spellCheck={false}
          title={trans.__('Ctrl+Enter writes it to the notebook')}
          onChange={event => props.set(event.target.value)}
          onKeyDown={event => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
              event.preventDefault();
              event.currentTarget.form!.requestSubmit();
            }
          }}
        />
      ) : (
        <input
          {...shared}
          className="mlkit-Input"
          inputMode={field.kind === 'int' || field.kind === 'float' ? 'decimal' : undefined}
          spellCheck={false}
          onChange={event => props.set(event.target.value)}
        />
      )}
      {field.help && (
        <p id={`${id}-help`} className="mlkit-Help">
          {field.help}
        </p>
      )}
    </div>
  );
}

/** What a step loads and saves; each opens a preview. */
function Saves(props: { step: IStep }): JSX.Element {
  const { model, commands, trans } = useLab();
  const project = model.project!.path;
  const link = (name: string) => (
    <button
      key={name}
      type="button"
      className="mlkit-Link"
      onClick={() => void commands.execute(CommandIDs.artifact, { project, name })}
    >
      {name}
    </button>
  );
  const { loads, saves } = props.step;
  return (
    <dl className="mlkit-Wires">
      {loads.length > 0 && (
        <div>
          <dt>{trans.__('loads')}</dt>
          <dd>{loads.map(link)}</dd>
        </div>
      )}
      <div>
        <dt>{trans.__('saves')}</dt>
        <dd>{saves.map(link)}</dd>
      </div>
    </dl>
  );
}
