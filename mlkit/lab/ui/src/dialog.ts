/** A dialog that comes back until what it asks for is done, or is given up. */

import { Dialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { Refused } from './api';
import { refused } from './model';

/** Close the dialog for something else; it comes back afterwards. */
export type Leave = (detour: () => Promise<void>) => void;

interface IAsk<T, R> {
  trans: TranslationBundle;
  title: string;
  accept: string;
  /** What has the focus at first; asked anew each time. */
  focus: () => string;
  /** The form, with what went wrong the last time. */
  body: (error: Refused | null, leave: Leave) => Widget & { getValue(): T };
  /** Keep what was filled in, whether it is asked for or not. */
  keep: (value: T) => void;
  act: (value: T) => Promise<R>;
}

/** A dialog that leaves Enter to a field which says that it takes it. */
class Asking<T> extends Dialog<T> {
  handleEvent(event: Event): void {
    const { key, target } = event as KeyboardEvent;
    const taken = key === 'Enter' && target instanceof HTMLElement && target.dataset.enter;
    if (!taken) {
      super.handleEvent(event);
    }
  }
}

/** Ask until an action goes well; null if given up. */
export async function ask<T, R>(asked: IAsk<T, R>): Promise<R | null> {
  const { trans, title, accept, focus } = asked;
  let error: Refused | null = null;
  for (;;) {
    let away: (() => Promise<void>) | undefined;
    const body = asked.body(error, detour => {
      away = detour; // Lab shows one dialog at a time: this one comes back
      dialog.reject();
    });
    const dialog: Dialog<T> = new Asking<T>({
      title,
      body,
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.okButton({ label: accept })
      ],
      focusNodeSelector: focus()
    });
    const answer = await dialog.launch();
    const value = body.getValue();
    asked.keep(value);
    if (away) {
      await away();
      continue;
    }
    if (!answer.button.accept) {
      return null;
    }
    try {
      return await asked.act(value);
    } catch (no) {
      error = refused(no);
    }
  }
}
