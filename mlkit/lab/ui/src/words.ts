/** Times and numbers as people write them. */

/** A duration: 1.2 s, 42 s, 3 min 12 s, 1 h 5 min. */
export function duration(seconds: number): string {
  if (seconds < 9.95) {
    return `${Math.max(seconds, 0).toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  if (whole < 60) {
    return `${whole} s`;
  }
  if (whole < 3600) {
    return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  }
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** A number to three places, whole ones whole. */
export function number(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) {
    return value.toLocaleString('en');
  }
  return Math.abs(value) >= 0.9995 && Math.abs(value) < 1
    ? value.toPrecision(6)
    : String(Number(value.toPrecision(3)));
}

/** A number as people type it, with a point or a comma; null where that is not plain. */
export function read(text: string): number | null {
  const typed = text.trim();
  const plain = /^[-+]?(\d+[.,]?\d*|[.,]\d+)(e[-+]?\d+)?$/i.test(typed);
  const thousands = /^[-+]?[1-9]\d*,\d{3}(?!\d)/.test(typed); // 1,000 to some, 1.000 to others
  return plain && !thousands ? Number(typed.replace(',', '.')) : null;
}

/** A size: 12 B, 34.5 kB, 5.6 MB. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  const unit = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 3);
  return `${Number((bytes / 1000 ** unit).toPrecision(3))} ${units[unit]}`;
}

/** A day and a time; the year only where it is not this one. */
export function moment(seconds: number): string {
  const then = new Date(seconds * 1000);
  const options: Intl.DateTimeFormatOptions = {
    year: then.getFullYear() === new Date().getFullYear() ? undefined : 'numeric',
    month: 'short',
    day: 'numeric',
    hour: 'numeric',
    minute: '2-digit'
  };
  return then.toLocaleString(undefined, options);
}

/** The time of the day: 13:05:09. */
export function clock(seconds: number): string {
  const pad = (part: number) => String(part).padStart(2, '0');
  const then = new Date(seconds * 1000);
  return [then.getHours(), then.getMinutes(), then.getSeconds()].map(pad).join(':');
}

/** Anything, in a few words. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) {
    return '–';
  }
  if (typeof value === 'number') {
    return number(value);
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
