/** The commands: for the palette, the panel, the menus. */

import { JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, Notification, WidgetTracker } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { FileDialog, IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { editIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';

import { IOptions } from './api';
import { CommandIDs, IContext } from './context';
import { DATA, create } from './create';
import { pipelineIcon } from './icons';
import { card, cardId } from './card';
import { compareId, comparison } from './compare';
import { reveal, runBelow } from './decided';
import { editGoal } from './goal';
import { served, servedId } from './serving';
import { tellOf } from './tell';
import { artifact, page } from './tabs';
import { moment } from './words';

interface ILab extends IContext {
  app: JupyterFrontEnd;
  manager: IDocumentManager;
  files: IFileBrowserFactory | null;
  tracker: WidgetTracker<MainAreaWidget>;
}

type Args = { [name: string]: string | boolean | undefined };

/** Add all commands. */
export function addCommands(lab: ILab): void {
  addProjects(lab);
  addRuns(lab);
  addTabs(lab);
  addModels(lab);
  addNotebooks(lab);
  addDecisions(lab);
}

/** Run an action; where it is refused, say why. */
function told(act: (args: Args) => Promise<unknown>): CommandRegistry.CommandFunc<Promise<void>> {
  return async args => {
    try {
      await act(args as Args);
    } catch (error) {
      tellOf(error);
    }
  };
}

function addProjects(lab: ILab): void {
  const { app, commands, manager, files, model, trans } = lab;
  const selected = () => {
    const items = [...(files?.tracker.currentWidget?.selectedItems() ?? [])];
    return items.length === 1 ? items[0] : undefined;
  };
  const here = () => files?.tracker.currentWidget?.model.path ?? '';
  commands.addCommand(CommandIDs.show, {
    label: trans.__('Show the ML workflow'),
    icon: pipelineIcon,
    execute: () => app.shell.activateById('mlkit-panel')
  });
  commands.addCommand(CommandIDs.create, {
    label: args =>
      args.isLauncher
        ? trans.__('ML workflow')
        : args.isMenu
          ? trans.__('Start an ML Workflow')
          : trans.__('New ML workflow…'),
    caption: trans.__('Make notebooks that turn a table into a tested model'),
    icon: pipelineIcon,
    isVisible: args => !args.isMenu || DATA.test(selected()?.path ?? ''),
    execute: told(async args => {
      const data = args.isMenu ? (selected()?.path ?? '') : String(args.path ?? '');
      const made = await create({ api: model.api, manager, trans, here: here() }, data);
      if (made) {
        await model.show(made);
        await app.shell.activateById('mlkit-panel');
        await files?.tracker.currentWidget?.model.refresh();
      }
    })
  });
  commands.addCommand(CommandIDs.open, {
    label: trans.__('Open an mlkit project…'),
    icon: pipelineIcon,
    execute: told(async args => {
      const path = args.path === undefined ? await folder(manager, here()) : String(args.path);
      if (path !== null && (await model.open(path))) {
        await app.shell.activateById('mlkit-panel');
      } else if (path !== null) {
        Notification.warning(trans.__('There is no mlkit project in this folder.'));
      }
    })
  });
  commands.addCommand(CommandIDs.adopt, {
    label: trans.__('Open as mlkit Project'),
    icon: pipelineIcon,
    isVisible: () => selected()?.type === 'directory',
    execute: told(async args => {
      const path = String(args.path ?? selected()?.path ?? '');
      if (!(await model.open(path))) {
        await model.show((await model.api.adopt(path)).project);
      }
      await app.shell.activateById('mlkit-panel');
    })
  });
}

async function folder(manager: IDocumentManager, start: string): Promise<string | null> {
  const answer = await FileDialog.getExistingDirectory({ manager, defaultPath: start });
  const path = answer.value?.[0]?.path;
  return answer.button.accept && path !== undefined ? path : null;
}

function addRuns(lab: ILab): void {
  const { app, commands, manager, model, trans } = lab;
  const free = () => model.project !== null && !model.going && !model.starting;
  const start = async (options: IOptions) => {
    await saveAll(app, manager, model.project!.path);
    const started = await model.start(options);
    if (!started.run) {
      const told =
        started.state === 'blocked'
          ? trans.__('Nothing had to run; blocked at %1.', (started.blocked ?? []).join(', '))
          : trans.__('Everything is up to date.');
      Notification.info(told, { autoClose: 4000 });
    }
  };
  const runs: [string, string, keyof IOptions | null][] = [
    [CommandIDs.run, trans.__('Run the ML workflow'), null],
    [CommandIDs.resume, trans.__('Resume the ML workflow'), null],
    [CommandIDs.only, trans.__('Run this step alone'), 'only'],
    [CommandIDs.from, trans.__('Run from this step on'), 'from'],
    [CommandIDs.until, trans.__('Run until this step'), 'until']
  ];
  for (const [id, label, key] of runs) {
    commands.addCommand(id, {
      label,
      icon: runIcon,
      isEnabled: args => free() && (!key || !!(args.step || model.chosen)),
      execute: told(async args => {
        const options: IOptions = key ? { [key]: String(args.step ?? model.chosen) } : {};
        if (key === 'only') {
          options.refresh = model.step(String(options.only))?.state === 'fresh';
        }
        await start(options);
      })
    });
  }
  commands.addCommand(CommandIDs.stop, {
    label: trans.__('Stop the ML workflow'),
    icon: stopIcon,
    isEnabled: () => model.going,
    execute: told(() => model.stop())
  });
  model.changed.connect(() => commands.notifyCommandChanged());
}

/** Show a tab: the one that is open, else a new one. */
function show({ app, tracker }: ILab, id: string, make: () => MainAreaWidget): void {
  let widget = tracker.find(one => one.id === id);
  if (!widget) {
    widget = make();
    app.shell.add(widget, 'main');
    void tracker.add(widget);
  }
  app.shell.activateById(widget.id);
}

/** The project that a command is about. */
function placed({ model }: ILab, args: Args): string {
  return String(args.project ?? model.project?.path ?? '');
}

function addTabs(lab: ILab): void {
  const { commands, model, trans } = lab;
  const place = (args: Args) => placed(lab, args);
  commands.addCommand(CommandIDs.report, {
    label: trans.__('Open the report of the last run'),
    isEnabled: args => !!args.run || model.runs.some(one => one.began !== undefined),
    execute: told(async args => {
      const past = model.runs.find(one =>
        args.run ? one.run === args.run : one.began !== undefined
      );
      const run = args.run ?? past?.run;
      const path = [place(args), 'runs', run, 'report.html'].filter(Boolean).join('/');
      const when = past?.began === undefined ? String(run) : moment(past.began);
      await commands.execute(CommandIDs.page, { path, label: trans.__('Report, %1', when) });
    })
  });
  commands.addCommand(CommandIDs.page, {
    label: trans.__('Open a page of an ML workflow'),
    execute: told(async args => {
      const [path, label] = [String(args.path), String(args.label)];
      show(lab, `mlkit-page-${path}`, () => keep(page(lab, path, label), CommandIDs.page, args));
    })
  });
  commands.addCommand(CommandIDs.artifact, {
    label: trans.__('Open an artifact'),
    execute: told(async args => {
      const [project, name] = [place(args), String(args.name)];
      const run = args.run ? String(args.run) : undefined;
      show(lab, `mlkit-artifact-${project}-${run ?? ''}-${name}`, () =>
        keep(artifact(lab, project, name, run), CommandIDs.artifact, args)
      );
    })
  });
  commands.addCommand(CommandIDs.compare, {
    label: trans.__('Compare two runs'),
    execute: told(async args => {
      const [project, old, young] = [place(args), String(args.old), String(args.new)];
      show(lab, compareId(project, old, young), () =>
        keep(comparison(lab, project, old, young), CommandIDs.compare, args)
      );
    })
  });
}

/** Remember how a tab was opened, so that it is there again after a reload. */
function keep(widget: MainAreaWidget, command: string, args: Args): MainAreaWidget {
  OPENED.set(widget, { command, args });
  return widget;
}

export const OPENED = new WeakMap<MainAreaWidget, { command: string; args: Args }>();

function addModels(lab: ILab): void {
  const { commands, model, trans } = lab;
  const there = (args: Args) => args.project !== undefined || !!model.graph?.champion;
  commands.addCommand(CommandIDs.card, {
    label: trans.__('Open the model card'),
    isEnabled: args => args.project !== undefined || model.hasPackage,
    execute: told(async args => {
      const [project, run] = [placed(lab, args), String(args.run ?? '')];
      show(lab, cardId(project, run), () =>
        keep(card(lab, project, run), CommandIDs.card, { project, run })
      );
    })
  });
  commands.addCommand(CommandIDs.served, {
    label: trans.__('Try the served model'),
    isEnabled: args => args.project !== undefined || !!model.serving,
    execute: told(async args => {
      const project = placed(lab, args);
      show(lab, servedId(project), () =>
        keep(served(lab, project), CommandIDs.served, { project })
      );
    })
  });
  commands.addCommand(CommandIDs.serve, {
    label: trans.__('Serve the model and try it'),
    isEnabled: args => there(args as Args),
    execute: told(async args => {
      const project = placed(lab, args);
      await model.serve(project, true);
      await commands.execute(CommandIDs.served, { project });
    })
  });
  commands.addCommand(CommandIDs.unserve, {
    label: trans.__('Stop serving the model'),
    isEnabled: args => args.project !== undefined || !!model.serving,
    execute: told(args => model.serve(placed(lab, args), false))
  });
}

function addDecisions(lab: ILab): void {
  const { commands, manager, model, trans } = lab;
  commands.addCommand(CommandIDs.goal, {
    label: trans.__('Edit the goal…'),
    caption: trans.__('State the question, the use, the people, the costs and the bars'),
    icon: editIcon,
    isEnabled: args => args.project !== undefined || model.project !== null,
    execute: told(async args => {
      if (await editGoal({ api: model.api, trans, project: placed(lab, args) })) {
        await model.refresh();
      }
    })
  });
  commands.addCommand(CommandIDs.decision, {
    label: trans.__('Go to a decision'),
    execute: told(args => reveal(lab, manager, String(args.name)))
  });
  commands.addCommand(CommandIDs.below, {
    label: trans.__('Run the cells below a decision'),
    execute: told(args => runBelow(lab, manager, String(args.name)))
  });
}

function addNotebooks(lab: ILab): void {
  const { commands, manager, trans } = lab;
  commands.addCommand(CommandIDs.notebook, {
    label: trans.__('Open the notebook of a step'),
    execute: told(async args => {
      const path = String(args.path);
      const open = manager.findWidget(path, null);
      const context = open && manager.contextForWidget(open);
      if (args.save) {
        await (context?.model.dirty ? context.save() : undefined);
      } else if (args.revert) {
        await context?.revert();
      } else {
        manager.openOrReveal(path);
      }
    })
  });
}

/** Save the notebooks of a project that are open and changed: runs read the files. */
async function saveAll(
  app: JupyterFrontEnd,
  manager: IDocumentManager,
  project: string
): Promise<void> {
  for (const widget of app.shell.widgets('main')) {
    const context = manager.contextForWidget(widget);
    const inside = !project || context?.path.startsWith(`${project}/`);
    if (context && inside && context.model.dirty && !context.model.readOnly) {
      await context.save();
    }
  }
}
