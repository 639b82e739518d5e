/** mlkit in JupyterLab. */

import {
  ILabShell,
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  MainAreaWidget,
  Notification,
  WidgetTracker
} from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IDefaultFileBrowser, IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { IRunningSessionManagers } from '@jupyterlab/running';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator } from '@jupyterlab/translation';

import { Api } from './api';
import { OPENED, addCommands } from './commands';
import { CommandIDs, IContext } from './context';
import { offerCells } from './decided';
import { Live } from './live';
import { offerRuns } from './missing';
import { Model } from './model';
import { Notebooks } from './notebooks';
import { Panel } from './panel';
import { Running, StatusItem } from './running';

const ID = 'mlkit-lab:plugin';
const PLACE = 'mlkit-lab:project';

const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'The pipeline of notebooks as a living graph: see it, run it, change it.',
  autoStart: true,
  requires: [IDocumentManager, ITranslator],
  optional: [
    ICommandPalette,
    IFileBrowserFactory,
    IDefaultFileBrowser,
    ILabShell,
    ILauncher,
    ILayoutRestorer,
    IRenderMimeRegistry,
    IRunningSessionManagers,
    ISettingRegistry,
    IStateDB,
    IStatusBar
  ],
  activate
};

function activate(
  app: JupyterFrontEnd,
  manager: IDocumentManager,
  translator: ITranslator,
  palette: ICommandPalette | null,
  files: IFileBrowserFactory | null,
  browser: IDefaultFileBrowser | null,
  shell: ILabShell | null,
  launcher: ILauncher | null,
  restorer: ILayoutRestorer | null,
  renderers: IRenderMimeRegistry | null,
  running: IRunningSessionManagers | null,
  registry: ISettingRegistry | null,
  state: IStateDB | null,
  bar: IStatusBar | null
): void {
  const model = new Model(new Api(app.serviceManager.serverSettings));
  const trans = translator.load('mlkit');
  const lab: IContext = { model, commands: app.commands, trans, renderers };
  const tracker = new WidgetTracker<MainAreaWidget>({ namespace: 'mlkit-tabs' });
  const settings = new Settings();
  void registry?.load(ID).then(found => settings.follow(found));

  addCommands({ ...lab, app, manager, files, tracker });
  const panel = new Panel(lab);
  app.shell.add(panel, 'left', { rank: 310, type: 'ML workflow' });
  restorer?.add(panel, panel.id);
  void restorer?.restore(tracker, {
    command: 'mlkit:restore',
    args: widget => (OPENED.get(widget) ?? {}) as never,
    name: widget => widget.id
  });
  app.commands.addCommand('mlkit:restore', {
    execute: args => app.commands.execute(String(args.command), args.args as never)
  });

  for (const command of [
    CommandIDs.create,
    CommandIDs.open,
    CommandIDs.run,
    CommandIDs.from,
    CommandIDs.resume,
    CommandIDs.stop,
    CommandIDs.report,
    CommandIDs.card,
    CommandIDs.serve,
    CommandIDs.unserve,
    CommandIDs.goal,
    CommandIDs.show
  ]) {
    palette?.addItem({ command, category: trans.__('ML workflow') });
  }
  launcher?.add({
    command: CommandIDs.create,
    args: { isLauncher: true },
    category: trans.__('Other'),
    rank: 3
  });
  running?.add(new Running(lab));
  bar?.registerStatusItem('mlkit-lab:run', {
    item: new StatusItem(lab),
    align: 'middle',
    isActive: () => model.going,
    activeStateChanged: model.changed as never
  });
  app.docRegistry.addWidgetExtension('Notebook', new Notebooks(lab));

  offerRuns(lab);
  offerCells(lab);
  model.ended.connect((_, live) => settings.notifies && notify(lab, live));
  remember(model, state, app);
  followPlace(model, settings, shell, browser, manager);
}

/** What a person set; the schema says what it means. */
class Settings {
  follows = true;
  notifies = true;

  follow(found: ISettingRegistry.ISettings): void {
    const read = () => {
      this.follows = found.get('follow').composite !== false;
      this.notifies = found.get('notify').composite !== false;
    };
    read();
    found.changed.connect(read);
  }
}

/** Say how a run ended. */
function notify(lab: IContext, live: Live): void {
  const { trans, commands, model } = lab;
  const project = model.project!;
  const told = {
    passed: trans.__('%1: the run passed.', project.name),
    blocked: trans.__('%1: blocked at %2.', project.name, live.in('blocked').join(', ')),
    failed: trans.__('%1: failed at %2.', project.name, live.in('failed').join(', '))
  }[live.state as string];
  const show = () =>
    void commands.execute(CommandIDs.report, { project: project.path, run: live.run });
  const kind = { passed: 'success', blocked: 'warning', failed: 'error' } as const;
  Notification.emit(
    told ?? trans.__('%1: the run was stopped.', project.name),
    kind[live.state as keyof typeof kind] ?? 'info',
    { autoClose: 8000, actions: [{ label: trans.__('Report'), callback: show }] }
  );
}

/** Keep which project is shown, and show it again after a reload. */
function remember(model: Model, state: IStateDB | null, app: JupyterFrontEnd): void {
  let last: string | null = null;
  void app.restored.then(async () => {
    const path = await state?.fetch(PLACE).catch(() => undefined);
    if (typeof path === 'string' && !model.project) {
      await model.open(path).catch(() => undefined);
    }
    model.changed.connect(() => {
      const now = model.project?.path ?? null;
      if (now !== null && now !== last) {
        last = now;
        void state?.save(PLACE, now);
      }
    });
  });
}

/** Show the project of the folder or the notebook that a person goes to. */
function followPlace(
  model: Model,
  settings: Settings,
  shell: ILabShell | null,
  browser: IDefaultFileBrowser | null,
  manager: IDocumentManager
): void {
  const look = (path: string) => {
    if (settings.follows) {
      void model.open(path).catch(() => undefined);
    }
  };
  shell?.currentChanged.connect((_, change) => {
    const context = change.newValue && manager.contextForWidget(change.newValue);
    if (context) {
      look(context.path);
      choose(model, context.path);
    }
  });
  browser?.model.pathChanged.connect((_, change) => look(change.newValue));
}

/** Choose the step whose notebook is in front. */
function choose(model: Model, path: string): void {
  const steps = Object.entries(model.graph?.steps ?? {});
  const found = steps.find(([, step]) => step.notebook === path || step.executed === path);
  if (found && found[0] !== model.chosen) {
    model.choose(found[0]);
  }
}

export default plugin;
