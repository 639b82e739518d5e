/** What the server's routes take and give. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import {
  IArtifact,
  IComparison,
  IData,
  IDecision,
  IEvent,
  IField,
  IGoalChange,
  IGoalForm,
  IGraph,
  IModel,
  IOptions,
  IPast,
  IPreview,
  IProject,
  IPulse,
  IRun,
  IServed,
  IStarted
} from './shapes';

export * from './shapes';

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

  pulse(project: string): Promise<IPulse> {
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

  compare(project: string, old: string, young: string): Promise<IComparison> {
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

  /** The champion, or the last package; of a past run, its own. */
  model(project: string, run?: string): Promise<IModel> {
    return this.get('model', { project, run });
  }

  goal(project: string): Promise<IGoalForm> {
    return this.get('goal', { project });
  }

  setGoal(project: string, change: IGoalChange): Promise<IGoalForm> {
    return this.send('PUT', 'goal', { project }, change);
  }

  serve(project: string): Promise<IServed> {
    return this.send('POST', 'served', { project }, {});
  }

  unserve(project: string): Promise<unknown> {
    return this.send('DELETE', 'served', { project }, {});
  }

  /** The page by which people ask a served model, as text. */
  async servedPage(project: string): Promise<string> {
    return (await this.ask('GET', this.url('served/page', { project }))).text();
  }

  /** What a served model takes, or, to some rows, what it says. */
  async askServed(project: string, rows?: string): Promise<[number, string]> {
    const [method, door] = rows === undefined ? ['GET', 'schema'] : ['POST', 'predict'];
    const url = this.url(`served/${door}`, { project });
    const init = { method, body: rows };
    const reply = await ServerConnection.makeRequest(url, init, this.settings);
    return [reply.status, await reply.text()];
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
