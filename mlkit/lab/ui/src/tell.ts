/** What went wrong, told where no panel shows it. */

import { Notification } from '@jupyterlab/apputils';

import { refused } from './model';

export function tellOf(error: unknown): void {
  Notification.error(refused(error).lines.join('\n'), { autoClose: 10000 });
}

/** Do something now; where it is refused, say why. */
export function tried(act: () => unknown): void {
  void (async () => act())().catch(tellOf);
}
