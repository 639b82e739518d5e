/** What the server's routes take and give. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

export type State =
  | 'never'
  | 'fresh'
  | 'stale'
  | 'running'
  | 'passed'
  | 'kept'
  | 'blocked'
  | 'failed'
  | 'skipped'
  | 'interrupted'
  | 'unfinished'
  | 'waiting';

export interface IProject {
  path: string;
  name: string;
  question: string;
  metric: string;
  profiles: string[];
}

export interface IFinding {
  bar: string;
  state: string;
  got?: string;
  need?: string;
  help?: string;
  required?: boolean;
}

export interface IVerdict {
  title?: string;
  findings: IFinding[];
}

export interface IStep {
  state: State;
  why: string;
  loads: string[];
  saves: string[];
  drafts: string[];
  notebook: string;
  executed: string;
  parents: string[];
  decides: string[];
  gates: boolean;
  parameters: number;
  seconds: number | null;
  verdict: IVerdict | null;
  overruled: boolean;
  overrule: string;
}

export interface IProblem {
  what: string;
  where: string;
  expected: string;
  got: string;
  todo: string;
  notebooks: string[];
}

export interface IMap {
  stops: { [step: string]: [number, number] };
  lines: { from: string; to: string; path: string }[];
  label: number;
  height: number;
}

export interface IGraph {
  project: IProject;
  steps: { [name: string]: IStep };
  map?: IMap;
  notices: string[];
  readers?: string[];
  notebooks?: string[];
  run: string;
  problem: IProblem | null;
}

export interface IField {
  name: string;
  type: string;
  kind: string;
  choices: string[];
  text: string;
  help: string;
}

export interface IPast {
  run: string;
  state: State;
  variant?: string;
  began?: number;
  seconds?: number;
  executed?: string[];
  metrics?: { [name: string]: number };
  metric?: string;
}

export interface IError {
  type: string;
  message: string;
  cell: number | null;
  todo: string;
}

export interface IRunStep {
  state: State;
  why: string;
  seconds: number;
  executed: string;
  parameters: { [name: string]: string };
  error: IError | null;
  saves: { [name: string]: string };
}

export interface IRun {
  run: string;
  state: State;
  began: number;
  seconds: number;
  steps: { [name: string]: IRunStep };
}

export interface IChange {
  kind: 'state' | 'parameter' | 'decision' | 'metric' | 'artifact' | 'version';
  step: string;
  name: string;
  old: unknown;
  new: unknown;
}

export interface IArtifact {
  name: string;
  kind: string;
  summary: string;
  sealed: boolean;
  step: string;
  run: string;
  at: number;
  identity: string;
  metrics: { [name: string]: number };
}

export interface IPreview extends IArtifact {
  rows?: number;
  columns?: { name: string; type: string; roles: string[] }[];
  body?: (string | null)[][];
  text?: string;
  picture?: string;
  files?: { [name: string]: number };
}

export interface IDecision {
  name: string;
  step: string;
  made: boolean;
  value: unknown;
  by?: string;
  at?: string;
  why?: string;
  told?: string;
}

export interface IRecipe {
  name: string;
  title: string;
  steps: string[];
}

export interface IData {
  columns: { name: string; type: string; roles: string[] }[];
  target: string | null;
  recipe: string;
  recipes: IRecipe[];
}

export interface IOptions {
  only?: string;
  from?: string;
  until?: string;
  profile?: string;
  given?: { [name: string]: string };
  refresh?: boolean;
}

export interface IStarted {
  run: string;
  state?: State;
  kept?: string[];
  blocked?: string[];
}

export interface IEvent {
  event: string;
  time: number;
  run: string;
  step?: string;
  [key: string]: unknown;
}

type Query = { [name: string]: string | number | undefined };

/** A request that the server refused, in its words. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly form: { [name: string]: string }
  ) {
    super(form.message || `the server answered ${status}`);
  }

  /** All that the server said, a line each. */
  get lines(): string[] {
    const { message, where, expected, got, todo } = this.form;
    return [message || this.message, where, expected, got, todo].filter(Boolean);
  }
}

/** The routes, as functions. */
export class Api {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  async project(path: string): Promise<IProject | null> {
    const found = await this.get<{ project: IProject | null }>('projects', { path });
    return found.project;
  }

  create(form: {
    folder: string;
    data: string;
    target: string;
    recipe: string;
    question: string;
  }): Promise<{ project: IProject }> {
    return this.send('POST', 'projects', {}, form);
  }

  adopt(folder: string): Promise<{ project: IProject }> {
    return this.send('PUT', 'projects', {}, { folder });
  }

  data(path: string): Promise<IData> {
    return this.get('data', { path });
  }

  graph(project: string): Promise<IGraph> {
    return this.get('graph', { project });
  }

  pulse(project: string): Promise<{ run: string; mark: string }> {
    return this.get('pulse', { project });
  }

  parameters(project: string, step: string): Promise<{ parameters: IField[] }> {
    return this.get('parameters', { project, step });
  }

  setParameters(
    project: string,
    step: string,
    values: { [name: string]: string }
  ): Promise<{ parameters: IField[] }> {
    return this.send('PUT', 'parameters', { project, step }, { values });
  }

  runs(project: string): Promise<{ runs: IPast[]; going: string }> {
    return this.get('runs', { project });
  }

  run(project: string, run: string): Promise<IRun> {
    return this.get(`runs/${run}`, { project });
  }

  start(project: string, options: IOptions): Promise<IStarted> {
    return this.send('POST', 'runs', { project }, options);
  }

  stop(project: string): Promise<{ told: string }> {
    return this.send('DELETE', 'runs', { project }, {});
  }

  compare(project: string, old: string, young: string): Promise<{ changes: IChange[] }> {
    return this.get('compare', { project, old, new: young });
  }

  artifacts(project: string, run?: string): Promise<IArtifact[]> {
    return this.get('artifacts', { project, run });
  }

  artifact(project: string, name: string, run?: string): Promise<IPreview> {
    return this.get(`artifacts/${encodeURIComponent(name)}`, { project, run });
  }

  decisions(project: string): Promise<IDecision[]> {
    return this.get('decisions', { project });
  }

  decide(project: string, name: string, value: unknown, why: string): Promise<unknown> {
    const path = `decisions/${encodeURIComponent(name)}`;
    return this.send('PUT', path, { project }, { value, why });
  }

  undo(project: string, name: string): Promise<unknown> {
    const path = `decisions/${encodeURIComponent(name)}`;
    return this.send('DELETE', path, { project }, {});
  }

  ledger(project: string): Promise<{ [key: string]: unknown }[]> {
    return this.get('ledger', { project });
  }

  /** The address of a page of a project, such as a run's report. */
  page(path: string): string {
    return this.url(`pages/${path.split('/').map(encodeURIComponent).join('/')}`, {});
  }

  /** One file of an artifact, as something that an `img` can show. */
  async picture(project: string, name: string, path: string, run?: string): Promise<Blob> {
    const route = `artifacts/${encodeURIComponent(name)}/file`;
    return (await this.ask('GET', this.url(route, { project, path, run }))).blob();
  }

  async text(project: string, name: string, path: string, run?: string): Promise<string> {
    const route = `artifacts/${encodeURIComponent(name)}/file`;
    return (await this.ask('GET', this.url(route, { project, path, run }))).text();
  }

  /** Hand on each event of a run from its beginning until it has ended. */
  async follow(
    project: string,
    run: string,
    take: (event: IEvent) => void,
    signal: AbortSignal
  ): Promise<void> {
    let from = 0;
    while (!signal.aborted) {
      const url = this.url(`runs/${run}/events`, { project, from });
      const reply = await this.ask('GET', url, undefined, signal);
      let ended = false;
      for await (const line of lines(reply)) {
        from += new TextEncoder().encode(line).length + 1;
        if (line) {
          const event = JSON.parse(line) as IEvent;
          ended = ended || event.event === 'run_finished';
          take(event);
        } else {
          from -= 1; // an empty line is not in the file
        }
      }
      if (ended || signal.aborted) {
        return;
      }
      await new Promise(resolve => setTimeout(resolve, 500));
      if ((await this.pulse(project)).run !== run) {
        return;
      }
    }
  }

  private url(path: string, query: Query): string {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const told = given.map(([name, value]) => `${name}=${encodeURIComponent(value!)}`);
    const url = URLExt.join(this.settings.baseUrl, 'mlkit', path);
    return told.length ? `${url}?${told.join('&')}` : url;
  }

  private async get<T>(path: string, query: Query): Promise<T> {
    return (await (await this.ask('GET', this.url(path, query))).json()) as T;
  }

  private async send<T>(
    method: string,
    path: string,
    query: Query,
    form: object
  ): Promise<T> {
    const reply = await this.ask(method, this.url(path, query), JSON.stringify(form));
    return (await reply.json()) as T;
  }

  private async ask(
    method: string,
    url: string,
    body?: string,
    signal?: AbortSignal
  ): Promise<Response> {
    const init = { method, body, signal };
    const reply = await ServerConnection.makeRequest(url, init, this.settings);
    if (!reply.ok) {
      let form = { message: `${reply.status} ${reply.statusText}` };
      try {
        form = await reply.json();
      } catch {
        // what answered was not ours
      }
      throw new Refused(reply.status, form);
    }
    return reply;
  }
}

/** The lines of a reply, as they come in. */
async function* lines(reply: Response): AsyncGenerator<string> {
  const reader = reply.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return;
    }
    const parts = (rest + value).split('\n');
    rest = parts.pop()!;
    yield* parts;
  }
}
