/** Names of the files in a run folder that more than one module touches. */
export const MANIFEST_FILE = 'run.json';
export const EVENTS_FILE = 'events.jsonl';
export const OWNER_FILE = 'owner.json';
/** Its being there asks the run's process to end the run as soon as it can. */
export const STOP_FILE = 'stop';
