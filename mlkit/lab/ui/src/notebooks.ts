/** Notebooks of a project: a button that runs one as a step, a banner on copies. */

import { Notification } from '@jupyterlab/apputils';
import { DocumentRegistry } from '@jupyterlab/docregistry';
import { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import { ToolbarButton, runIcon } from '@jupyterlab/ui-components';
import { DisposableDelegate, IDisposable } from '@lumino/disposable';
import { Widget } from '@lumino/widgets';

import { CommandIDs, IContext } from './context';
import { tried } from './tell';

const COPY = /^(?:(.*)\/)?runs\/(\d{8}-\d{6}-[0-9a-f]{4})\/([^/]+\.ipynb)$/;

export class Notebooks
  implements DocumentRegistry.IWidgetExtension<NotebookPanel, INotebookModel>
{
  constructor(private readonly lab: IContext) {}

  createNew(
    panel: NotebookPanel,
    context: DocumentRegistry.IContext<INotebookModel>
  ): IDisposable {
    const made: IDisposable[] = [];
    void this.dress(panel, context, made).catch(() => undefined);
    return new DisposableDelegate(() => made.forEach(one => one.dispose()));
  }

  private async dress(
    panel: NotebookPanel,
    context: DocumentRegistry.IContext<INotebookModel>,
    made: IDisposable[]
  ): Promise<void> {
    await context.ready;
    const project = await this.lab.model.api.project(context.path);
    if (!project || panel.isDisposed) {
      return;
    }
    panel.addClass('mlkit-Notebook');
    const copy = COPY.exec(context.path);
    if (copy) {
      made.push(this.banner(panel, copy[1] ?? '', copy[2], copy[3]));
    } else {
      made.push(this.button(panel, context));
    }
  }

  /** "Run as step": the whole notebook, in a kernel of its own. */
  private button(
    panel: NotebookPanel,
    context: DocumentRegistry.IContext<INotebookModel>
  ): IDisposable {
    const { commands, model, trans } = this.lab;
    const button = new ToolbarButton({
      icon: runIcon,
      label: trans.__('Run as step'),
      tooltip: trans.__('Run this notebook as a step of its project, in a fresh kernel'),
      onClick: () =>
        tried(async () => {
          await context.save();
          await model.open(context.path);
          await model.refresh(); // what was saved may be a step only now
          const steps = Object.entries(model.graph?.steps ?? {});
          const found = steps.find(([, step]) => step.notebook === context.path);
          if (found) {
            model.choose(found[0]);
            await commands.execute(CommandIDs.only, { step: found[0] });
          } else {
            const why = trans.__('A step has a cell tagged "parameters", and saves something.');
            Notification.warning(`${trans.__('This notebook is no step.')} ${why}`);
          }
        })
    });
    button.addClass('mlkit-RunAsStep');
    panel.toolbar.insertBefore('spacer', 'mlkit-run-as-step', button);
    return button;
  }

  private banner(panel: NotebookPanel, project: string, run: string, file: string): IDisposable {
    const { commands, model, trans } = this.lab;
    const banner = new Widget();
    banner.addClass('mlkit-Banner');
    banner.node.setAttribute('role', 'note');
    const text = document.createElement('span');
    text.textContent = trans.__(
      'Executed copy, of run %1: changes here are not run.',
      run
    );
    const button = document.createElement('button');
    button.className = 'jp-mod-styled mlkit-Button jp-mod-reject';
    button.textContent = trans.__('Open the step');
    const open = async () => {
      await model.open(project);
      const steps = Object.values(model.graph?.steps ?? {});
      const step = steps.find(one => one.notebook.split('/').pop() === file);
      if (step) {
        await commands.execute(CommandIDs.notebook, { path: step.notebook });
      }
    };
    button.onclick = () => tried(open);
    text.title = text.textContent;
    banner.node.append(text, button);
    panel.contentHeader.insertWidget(0, banner);
    return banner;
  }
}
