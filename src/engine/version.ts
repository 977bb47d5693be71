/** Of what {@link diagnoseStep} derives: raised whenever it derives anything else from the same facts, so that what was kept is derived anew. */
export const DIAGNOSTICS_VERSION = 1;
