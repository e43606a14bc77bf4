/** The keys of a dictionary, with any texts: what another language has to have. */
export type Words<Entry> = Entry extends string ? string : { readonly [Key in keyof Entry]: Words<Entry[Key]> };
