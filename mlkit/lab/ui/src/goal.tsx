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

/** A field whose text is no number. */
class NoNumber extends Error {
  constructor(
    message: string,
    readonly field: string
  ) {
    super(message);
  }
}

const idOf = (name: string) => `mlkit-number-${name}`;

/** Ask for the goal until it is written; false if given up. */
export async function editGoal(given: IGiven): Promise<boolean> {
  const { api, trans, project } = given;
  const read = api.goal(project);
  let edit: IEdit | null = null;
  let found: IGoalForm | null = null;
  let field = ''; // that was in focus last, or was refused
  const write = async (value: IEdit | null) => {
    if (!value) {
      return false; // the form never came
    }
    const writing = Notification.emit(trans.__('Writing the goal…'), 'in-progress');
    try {
      found = await read;
      await api.setGoal(project, changeOf(found, value, trans));
    } catch (no) {
      field = no instanceof NoNumber ? no.field : field;
      throw no;
    } finally {
      Notification.dismiss(writing);
    }
    return true;
  };
  const done = await ask<IEdit | null, boolean>({
    trans,
    title: trans.__('The goal'),
    accept: trans.__('Write to mlkit.toml'),
    focus: () => (field ? `#${CSS.escape(field)}` : 'textarea'),
    body: error => new Body(given, read, found, edit, error, field, id => (field = id)),
    keep: value => {
      edit = value;
    },
    act: write
  });
  return done ?? false;
}

/** What differs from what was read: all else stays as the file has it by now. */
function changeOf(was: IGoalForm, edit: IEdit, trans: TranslationBundle): IGoalChange {
  const number = (name: string, title: string, text: string) => {
    const found = readNumber(text);
    if (found === null) {
      const typed = text.trim();
      throw new NoNumber(
        typed
          ? trans.__('%1 cannot be %2: write it as 1000 or 1.5', title, typed)
          : trans.__('%1 needs a number', title),
        idOf(name)
      );
    }
    return found;
  };
  const numbers = (old: INumbers, typed: Typed, titles: ITitles) => {
    const gone = Object.keys(old).filter(name => !(name in typed));
    const now = Object.entries(typed).filter(([name, text]) => text !== String(old[name]));
    return Object.fromEntries<number | null>([
      ...gone.map((name): [string, null] => [name, null]),
      ...now.map(([name, text]): [string, number] => [name, number(name, titles[name] ?? name, text)])
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
    private readonly found: IGoalForm | null,
    private edit: IEdit | null,
    private readonly error: Refused | null,
    private readonly field: string,
    private readonly entered: (field: string) => void
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
        found={this.found}
        start={this.edit}
        error={this.error}
        field={this.field}
        entered={this.entered}
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
  found: IGoalForm | null; // once it is read: a form that comes back is there at once
  start: IEdit | null;
  error: Refused | null;
  field: string;
  entered: (field: string) => void;
  tell: (edit: IEdit) => void;
}): JSX.Element {
  const { trans } = props;
  const [asked, unread] = useAsked(() => props.read, []);
  const found = props.found ?? asked;
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
    const fields = [...(form.current?.querySelectorAll<HTMLElement>('textarea, input') ?? [])];
    const left = fields.find(one => one.id === props.field);
    (left ?? fields[0])?.focus(); // the dialog was there before it
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
    <div
      className="mlkit-Form mlkit-Goal"
      ref={form}
      onFocus={event => props.entered((event.target as HTMLElement).id)}
    >
      {props.error && <Trouble error={props.error} />}
      <Area
        id="mlkit-goal-question"
        label={trans.__('Question')}
        hint={trans.__('What is to be found out, in a sentence')}
        value={edit.question}
        set={question => set({ question })}
      />
      <Area
        id="mlkit-goal-use"
        label={trans.__('Use')}
        hint={trans.__('What will be done with an answer')}
        value={edit.use}
        set={use => set({ use })}
      />
      <Area
        id="mlkit-goal-people"
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
  id: string;
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
          id={props.id}
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
          <label htmlFor={idOf(name)}>{title(name)}</label>
          <input
            id={idOf(name)}
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
