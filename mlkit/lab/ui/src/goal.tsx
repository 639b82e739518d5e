/** The dialog that states the goal: the question, the use, the people, costs and bars. */

import { Dialog, Notification, ReactWidget } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Api, IGoalChange, IGoalForm, INumbers, ITitles, Refused } from './api';
import { ask } from './dialog';
import { Trouble, useAsked } from './parts';
import { read as readNumber } from './words';

interface IGiven {
  api: Api;
  trans: TranslationBundle;
  project: string;
}

/** Numbers as they are typed. */
type Typed = { [name: string]: string };

interface IEdit {
  question: string;
  use: string;
  people: string;
  costs: Typed;
  bars: Typed;
}

/** Ask for the goal until it is written; false if given up. */
export async function editGoal(given: IGiven): Promise<boolean> {
  const { api, trans, project } = given;
  const read = api.goal(project);
  let edit: IEdit | null = null;
  const write = async (value: IEdit | null) => {
    if (!value) {
      return false; // the form never came
    }
    const writing = Notification.emit(trans.__('Writing the goal…'), 'in-progress');
    try {
      await api.setGoal(project, changeOf(await read, value, trans));
    } finally {
      Notification.dismiss(writing);
    }
    return true;
  };
  const done = await ask<IEdit | null, boolean>({
    trans,
    title: trans.__('The goal'),
    accept: trans.__('Write to mlkit.toml'),
    focus: 'textarea',
    body: error => new Body(given, read, edit, error),
    keep: value => {
      edit = value;
    },
    act: write
  });
  return done ?? false;
}

/** What differs from what was read: all else stays as the file has it by now. */
function changeOf(was: IGoalForm, edit: IEdit, trans: TranslationBundle): IGoalChange {
  const number = (title: string, text: string) => {
    const found = readNumber(text);
    if (found === null) {
      const typed = text.trim();
      throw new Error(
        typed
          ? trans.__('%1 cannot be %2: write it as 1000 or 1.5', title, typed)
          : trans.__('%1 needs a number', title)
      );
    }
    return found;
  };
  const numbers = (old: INumbers, typed: Typed, titles: ITitles) => {
    const gone = Object.keys(old).filter(name => !(name in typed));
    const now = Object.entries(typed).filter(([name, text]) => text !== String(old[name]));
    return Object.fromEntries<number | null>([
      ...gone.map((name): [string, null] => [name, null]),
      ...now.map(([name, text]): [string, number] => [name, number(titles[name] ?? name, text)])
    ]);
  };
  const text = (name: 'question' | 'use' | 'people') =>
    edit[name].trim() === was[name].trim() ? undefined : edit[name].trim();
  return {
    question: text('question'),
    use: text('use'),
    people: text('people'),
    costs: numbers(was.costs, edit.costs, was.titles.costs),
    bars: numbers(was.bars, edit.bars, was.titles.bars)
  };
}

function editOf(goal: IGoalForm): IEdit {
  const { question, use, people } = goal;
  const typed = (numbers: INumbers): Typed =>
    Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, String(value)]));
  return { question, use, people, costs: typed(goal.costs), bars: typed(goal.bars) };
}

class Body extends ReactWidget implements Dialog.IBodyWidget<IEdit | null> {
  constructor(
    private readonly given: IGiven,
    private readonly read: Promise<IGoalForm>,
    private edit: IEdit | null,
    private readonly error: Refused | null
  ) {
    super();
    this.addClass('mlkit-Create');
  }

  getValue(): IEdit | null {
    return this.edit;
  }

  protected render(): JSX.Element {
    return (
      <Form
        trans={this.given.trans}
        read={this.read}
        start={this.edit}
        error={this.error}
        tell={edit => {
          this.edit = edit;
        }}
      />
    );
  }
}

function Form(props: {
  trans: TranslationBundle;
  read: Promise<IGoalForm>;
  start: IEdit | null;
  error: Refused | null;
  tell: (edit: IEdit) => void;
}): JSX.Element {
  const { trans } = props;
  const [found, unread] = useAsked(() => props.read, []);
  const [edit, setEdit] = React.useState<IEdit | null>(props.start);
  const set = (more: Partial<IEdit>) => setEdit({ ...edit!, ...more });
  React.useEffect(() => {
    if (found && !edit) {
      setEdit(editOf(found));
    }
  }, [found]);
  React.useEffect(() => {
    if (edit) {
      props.tell(edit);
    }
  }, [edit]);
  const form = React.useRef<HTMLDivElement>(null);
  const there = !!found && !!edit;
  React.useEffect(() => {
    form.current?.querySelector('textarea')?.focus(); // the dialog was there before it
  }, [there]);
  if (unread) {
    return <Trouble error={unread} />;
  }
  if (!found || !edit) {
    return (
      <p className="mlkit-Empty" role="status">
        {trans.__('Reading the goal, and what could stand in it…')}
      </p>
    );
  }
  return (
    <div className="mlkit-Form mlkit-Goal" ref={form}>
      {props.error && <Trouble error={props.error} />}
      <Area
        label={trans.__('Question')}
        hint={trans.__('What is to be found out, in a sentence')}
        value={edit.question}
        set={question => set({ question })}
      />
      <Area
        label={trans.__('Use')}
        hint={trans.__('What will be done with an answer')}
        value={edit.use}
        set={use => set({ use })}
      />
      <Area
        label={trans.__('People affected')}
        hint={trans.__('Whom an answer concerns, and how a wrong one')}
        value={edit.people}
        set={people => set({ people })}
      />
      <Numbers
        trans={trans}
        label={trans.__('Costs of errors')}
        help={
          found.titles.costs.miss === undefined
            ? trans.__('An error without one costs 1.')
            : trans.__('Without them a miss costs as much as a false alarm.')
        }
        more={trans.__('Add a cost…')}
        titles={found.titles.costs}
        values={edit.costs}
        set={costs => set({ costs })}
      />
      <Numbers
        trans={trans}
        label={trans.__('Bars')}
        help={trans.__('A model that misses one is not accepted. Without any it must beat a guess.')}
        more={trans.__('Add a bar…')}
        titles={found.titles.bars}
        values={edit.bars}
        set={bars => set({ bars })}
      />
    </div>
  );
}

function Area(props: {
  label: string;
  hint: string;
  value: string;
  set: (value: string) => void;
}): JSX.Element {
  return (
    <div className="mlkit-Field">
      <label>
        {props.label}
        <textarea
          className="mlkit-Input"
          rows={2}
          value={props.value}
          placeholder={props.hint}
          onChange={event => props.set(event.target.value)}
          onKeyDown={event => event.key === 'Enter' && event.stopPropagation()}
        />
      </label>
    </div>
  );
}

/** Named numbers: one a line, and a list of those that could be added. */
function Numbers(props: {
  trans: TranslationBundle;
  label: string;
  help: string;
  more: string;
  titles: ITitles;
  values: Typed;
  set: (values: Typed) => void;
}): JSX.Element | null {
  const { trans, titles, values, set } = props;
  if (!Object.keys({ ...titles, ...values }).length) {
    return null; // nothing of this kind could stand there
  }
  const title = (name: string) => titles[name] ?? name;
  const left = Object.keys(titles).filter(name => !(name in values));
  const without = (gone: string) =>
    Object.fromEntries(Object.entries(values).filter(([name]) => name !== gone));
  return (
    <fieldset className="mlkit-Numbers">
      <legend>{props.label}</legend>
      {Object.entries(values).map(([name, text]) => (
        <div key={name} className="mlkit-Number">
          <label htmlFor={`mlkit-number-${name}`}>{title(name)}</label>
          <input
            id={`mlkit-number-${name}`}
            className="mlkit-Input"
            inputMode="decimal"
            value={text}
            onChange={event => set({ ...values, [name]: event.target.value })}
          />
          <button
            type="button"
            className="mlkit-Tool"
            title={trans.__('Remove %1', title(name))}
            aria-label={trans.__('Remove %1', title(name))}
            onClick={() => set(without(name))}
          >
            ×
          </button>
        </div>
      ))}
      {left.length > 0 && (
        <select
          className="mlkit-Input"
          aria-label={props.more}
          value=""
          onChange={event => event.target.value && set({ ...values, [event.target.value]: '' })}
        >
          <option value="">{props.more}</option>
          {left.map(name => (
            <option key={name} value={name}>
              {title(name)}
            </option>
          ))}
        </select>
      )}
      <p className="mlkit-Help">{props.help}</p>
    </fieldset>
  );
}
