/** A decision that was made or changed: offer to run the cells that come after it. */

import { Notification } from '@jupyterlab/apputils';
import { ICodeCellModel } from '@jupyterlab/cells';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { NotebookActions, NotebookPanel } from '@jupyterlab/notebook';

import { IDecision } from './api';
import { CommandIDs, IContext } from './context';

/** Watch the decisions of the project that is shown. */
export function offerCells(lab: IContext): void {
  const told = new Map<string, string>();
  lab.model.decided.connect((_, decisions) => {
    if (!lab.model.going) {
      offer(lab, decisions, told);
    }
  });
}

function offer(lab: IContext, decisions: IDecision[], told: Map<string, string>): void {
  const { commands, model, trans } = lab;
  const [one, ...more] = decisions;
  if (!model.step(one.step)) {
    return;
  }
  const { name, step } = one;
  const message = more.length
    ? trans.__('%1 decisions were changed.', decisions.length)
    : one.made
      ? trans.__('%1: decided.', name)
      : trans.__('%1: undone; the default counts again.', name);
  const below = {
    label: trans.__('Run the cells below'),
    callback: () => void commands.execute(CommandIDs.below, { name })
  };
  const from = {
    label: more.length ? trans.__('Run') : trans.__('Run from %1', step),
    callback: () => void commands.execute(more.length ? CommandIDs.run : CommandIDs.from, { step })
  };
  const options = { actions: more.length ? [from] : [below, from], autoClose: 12000 };
  const old = told.get(name);
  if (!old || !Notification.update({ id: old, message, ...options })) {
    told.set(name, Notification.info(message, options));
  }
}

/** Go to the cell that asks for a decision; null where there is none. */
export async function reveal(
  lab: IContext,
  manager: IDocumentManager,
  name: string
): Promise<NotebookPanel | null> {
  const { model } = lab;
  const asked = model.decisions?.find(one => one.name === name)?.step;
  const steps = Object.entries(model.graph?.steps ?? {});
  const found = steps.find(([step, one]) => step === asked || one.decides.includes(name));
  const widget = found && manager.openOrReveal(found[1].notebook);
  if (!(widget instanceof NotebookPanel)) {
    return null;
  }
  await widget.revealed;
  const cell = new RegExp(`\\bdecide\\(\\s*["']${name}["']`);
  const cells = [...(widget.model?.cells ?? [])];
  const index = cells.findIndex(one => cell.test(one.sharedModel.getSource()));
  if (index >= 0) {
    widget.content.activeCellIndex = index;
    await widget.content.scrollToItem(index, 'smart');
  }
  return widget;
}

/** Run the cell that asks for a decision, and all below; all, where none has run yet. */
export async function runBelow(
  lab: IContext,
  manager: IDocumentManager,
  name: string
): Promise<void> {
  const panel = await reveal(lab, manager, name);
  if (!panel) {
    return;
  }
  await panel.sessionContext.ready;
  const { content, sessionContext } = panel;
  const above = [...(panel.model?.cells ?? [])].slice(0, content.activeCellIndex);
  const fresh = above.some(
    one =>
      one.type === 'code' &&
      one.sharedModel.getSource().trim() &&
      (one as ICodeCellModel).executionCount === null
  );
  await (fresh
    ? NotebookActions.runAll(content, sessionContext)
    : NotebookActions.runAllBelow(content, sessionContext));
}
