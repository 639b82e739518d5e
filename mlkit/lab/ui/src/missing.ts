/** A cell that loads what nobody has saved yet: offer to run until there is something. */

import { Notification } from '@jupyterlab/apputils';
import { NotebookActions } from '@jupyterlab/notebook';

import { CommandIDs, IContext } from './context';

const NOTHING = /nothing called '(\w+)' has been saved yet/;

/** Watch the cells that people run. */
export function offerRuns(lab: IContext): void {
  NotebookActions.executed.connect((_, { success, error }) => {
    const name = success ? undefined : NOTHING.exec(error?.errorValue ?? '')?.[1];
    if (name) {
      offer(lab, name);
    }
  });
}

function offer({ commands, model, trans }: IContext, name: string): void {
  const steps = Object.entries(model.graph?.steps ?? {});
  const saver = steps.find(([, step]) => step.saves.includes(name))?.[0];
  if (saver) {
    const run = () => void commands.execute(CommandIDs.until, { step: saver });
    Notification.warning(trans.__('%1 is not saved yet; the step %2 saves it.', name, saver), {
      actions: [{ label: trans.__('Run until %1', saver), callback: run }],
      autoClose: 20000
    });
  }
}
