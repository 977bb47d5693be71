/** `owner/name`, optionally `@revision`: how a repository of the Hugging Face hub is called. */
export const HUB_ID = /^\w[\w.-]*\/\w[\w.-]*(@[\w./-]+)?$/;
