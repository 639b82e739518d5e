/** The dialog that makes a project of a data file. */

import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { FileDialog } from '@jupyterlab/filebrowser';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Api, IData, IProject, Refused } from './api';
import { ask } from './dialog';
import { refused } from './model';
import { Button, Trouble } from './parts';

export interface IForm {
  data: string;
  folder: string;
  target: string;
  recipe: string;
  question: string;
}

const BLANK: IForm = { data: '', folder: '', target: '', recipe: '', question: '' };

interface IGiven {
  api: Api;
  manager: IDocumentManager;
  trans: TranslationBundle;
  here: string;
}

/** Data that mlkit reads from one file. */
export const DATA = /\.(csv|tsv|txt|json|jsonl|ndjson|xlsx|xls|ods|parquet)(\.gz)?$/i;

/** Ask for a data file and a target until a project is made; null if given up. */
export async function create(given: IGiven, data: string): Promise<IProject | null> {
  const { api, trans } = given;
  let form: IForm = { ...BLANK, data };
  const browse = async () => {
    const path = await pick(given);
    form = path ? { ...BLANK, data: path, question: form.question } : form;
  };
  return ask<IForm, IProject>({
    trans,
    title: trans.__('New ML workflow'),
    accept: trans.__('Make the project'),
    focus: () => 'input',
    body: (error, leave) => new Body(given, form, error, () => leave(browse)),
    keep: value => {
      form = value;
    },
    act: async () => {
      if (!form.data.trim()) {
        throw new Error(trans.__('Choose a data file first.'));
      }
      return (await api.create(form)).project;
    }
  });
}

/** Let a person pick a data file from the file browser. */
async function pick({ manager, trans, here }: IGiven): Promise<string> {
  const answer = await FileDialog.getOpenFiles({
    manager,
    defaultPath: here,
    title: trans.__('Choose a data file'),
    filter: model => (model.type === 'directory' || DATA.test(model.path) ? {} : null)
  });
  const path = answer.value?.[0]?.path ?? '';
  return answer.button.accept && DATA.test(path) ? path : '';
}

class Body extends ReactWidget implements Dialog.IBodyWidget<IForm> {
  constructor(
    private readonly given: IGiven,
    private form: IForm,
    private readonly error: Refused | null,
    private readonly browse: () => void
  ) {
    super();
    this.addClass('mlkit-Create');
  }

  getValue(): IForm {
    return this.form;
  }

  protected render(): JSX.Element {
    return (
      <Fields
        {...this.given}
        start={this.form}
        error={this.error}
        browse={this.browse}
        tell={form => {
          this.form = form;
        }}
      />
    );
  }
}

function Fields(
  props: IGiven & {
    start: IForm;
    error: Refused | null;
    browse: () => void;
    tell: (form: IForm) => void;
  }
): JSX.Element {
  const { api, trans } = props;
  const [form, setForm] = React.useState(props.start);
  const [found, setFound] = React.useState<IData | null>(null);
  const [error, setError] = React.useState<Refused | null>(props.error);
  const [looking, setLooking] = React.useState(false);
  const set = (more: Partial<IForm>) => setForm(form => ({ ...form, ...more }));
  React.useEffect(() => props.tell(form), [form]);
  React.useEffect(() => {
    const before = form.data === props.start.data ? props.error : null;
    const readable = DATA.test(form.data);
    setFound(null);
    setError(before);
    setLooking(readable);
    if (!readable) {
      return;
    }
    let here = true;
    api.data(form.data).then(
      data => {
        if (here) {
          setFound(data);
          setError(before);
          setLooking(false);
          set({
            recipe: form.recipe || data.recipe,
            target: form.target || data.target || '',
            folder: form.folder || folderOf(form.data)
          });
        }
      },
      no => {
        if (here) {
          setError(refused(no));
          setLooking(false);
        }
      }
    );
    return () => {
      here = false;
    };
  }, [form.data]);
  return (
    <div className="mlkit-Form">
      {error && <Trouble error={error} />}
      <Data
        trans={trans}
        browse={props.browse}
        value={form.data}
        set={data => set({ ...BLANK, data, question: form.question })}
      />
      <Choice
        label={trans.__('Target: the column to predict')}
        value={form.target}
        disabled={!found}
        choices={(found?.columns ?? []).map(one => [one.name, `${one.name}  (${one.type})`])}
        blank={looking ? trans.__('Reading the columns…') : trans.__('Choose a column')}
        set={target => set({ target })}
      />
      <Choice
        label={trans.__('Recipe')}
        value={form.recipe}
        disabled={!found}
        choices={(found?.recipes ?? []).map(one => [one.name, one.title])}
        help={found ? guess(found, form, trans) : undefined}
        set={recipe => set({ recipe })}
      />
      <Text
        label={trans.__('Folder of the project')}
        value={form.folder}
        set={folder => set({ folder })}
      />
      <Text
        label={trans.__('Question that the model is to answer')}
        value={form.question}
        placeholder={form.target ? trans.__('Predict %1 from the other columns', form.target) : ''}
        set={question => set({ question })}
      />
    </div>
  );
}

/** Say why a recipe was guessed, and what it brings. */
function guess(found: IData, form: IForm, trans: TranslationBundle): string {
  const recipe = found.recipes.find(one => one.name === form.recipe);
  const steps = recipe?.steps.map(step => step.split('/').pop()).join(', ') ?? '';
  const brings = trans.__('Its notebooks: %1.', steps);
  if (form.recipe !== found.recipe) {
    return brings;
  }
  const target = found.columns.find(one => one.name === form.target);
  const others = found.columns.filter(one => one !== target);
  const types = [...new Set(others.map(one => one.type))].sort().join(', ');
  const why = target
    ? trans.__('Guessed: %1 is of type %2, the other columns %3.', target.name, target.type, types)
    : trans.__('Guessed: no target is chosen, and the columns are of type %1.', types);
  return `${why} ${brings}`;
}

/** Beside the data: its name without the ending. */
function folderOf(data: string): string {
  return data.replace(DATA, '').replace(/[^\w./-]+/g, '_') + '_model';
}

function Data(props: {
  trans: TranslationBundle;
  value: string;
  browse: () => void;
  set: (value: string) => void;
}): JSX.Element {
  const { trans, value } = props;
  const [typed, setTyped] = React.useState(value);
  React.useEffect(() => setTyped(value), [value]);
  const path = typed.replace(/^\/+/, '');
  const take = () => (path === value ? setTyped(value) : props.set(path));
  const enter = (event: React.KeyboardEvent) => {
    if (event.key === 'Enter' && path !== value) {
      event.preventDefault();
      event.stopPropagation();
      take();
    }
  };
  return (
    <div className="mlkit-Field">
      <label htmlFor="mlkit-create-data">{trans.__('Data file')}</label>
      <div className="mlkit-Inline">
        <input
          id="mlkit-create-data"
          className="mlkit-Input"
          value={typed}
          spellCheck={false}
          data-enter={path === value ? undefined : 'taken'}
          placeholder="data/customers.csv"
          onChange={event => setTyped(event.target.value)}
          onKeyDown={enter}
          onBlur={take}
        />
        <Button label={trans.__('Browse…')} onClick={props.browse} />
      </div>
    </div>
  );
}

function Choice(props: {
  label: string;
  value: string;
  choices: [string, string][];
  disabled: boolean;
  blank?: string;
  help?: string;
  set: (value: string) => void;
}): JSX.Element {
  return (
    <div className="mlkit-Field">
      <label>
        {props.label}
        <select
          className="mlkit-Input"
          value={props.value}
          disabled={props.disabled}
          onChange={event => props.set(event.target.value)}
        >
          {(props.blank !== undefined || props.disabled) && <option value="">{props.blank}</option>}
          {props.choices.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {props.help && <p className="mlkit-Help">{props.help}</p>}
    </div>
  );
}

function Text(props: {
  label: string;
  value: string;
  placeholder?: string;
  set: (value: string) => void;
}): JSX.Element {
  return (
    <div className="mlkit-Field">
      <label>
        {props.label}
        <input
          className="mlkit-Input"
          value={props.value}
          placeholder={props.placeholder}
          onChange={event => props.set(event.target.value)}
        />
      </label>
    </div>
  );
}
