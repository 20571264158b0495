/** What whoever runs an engine should hear of, whether or not anybody observes its sessions. */

/** Something that happened to an engine. */
export type EngineNotice =
  /** The store fails; told once, until it works again. */
  | { readonly kind: "store_failing"; readonly cause: unknown }
  | { readonly kind: "store_working" }
  /** The wall clock went ahead of the time that had passed, by so much. It is obeyed: what it says is over has expired. */
  | { readonly kind: "clock_leapt"; readonly aheadMs: number }
  /** The wall clock starts so much behind the last time that the store remembers. Until it catches up, time goes on from there. */
  | { readonly kind: "clock_behind"; readonly behindMs: number };

/** Takes a notice; what it throws stays with it. */
export type Notify = (notice: EngineNotice) => void;

/** A `Notify` that can never harm the engine. */
export const notifier = (notify: Notify | undefined): Notify =>
  notify === undefined
    ? () => {}
    : (notice) => {
        try {
          notify(notice);
        } catch {
          // Whoever listens can never harm what it listens to.
        }
      };
