/** Plain JSON data: what levels, snapshots, scenarios and messages are made of. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type JsonObject = { readonly [key: string]: Json };
