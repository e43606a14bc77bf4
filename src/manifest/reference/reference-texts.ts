/** What stands above the keys. */
export const introduction = `<!-- Made by scripts/generate-manifest-reference.ts from the schema in src/manifest. Do not edit. -->

# \`lotse.yaml\`

One file says what an app is and where it runs. The smallest useful one:

\`\`\`yaml
app: shop
services:
  web:
    port: 3000
environments:
  production: { domains: [shop.example] }
\`\`\`

An editor checks the file while you write it when its first line is

\`\`\`yaml
# yaml-language-server: $schema=./node_modules/lotse/docs/reference/lotse.schema.json
\`\`\`

Nothing in the file is ever ignored: an unknown key is an error that names the nearest valid one, and a key whose part of
Lotse is **not built yet** is refused by name. Every error says file, line, column, what was expected and what was found.
`;

/** What stands below the keys: what holds for the file as a whole. */
export const rules = `## Rules

### Which YAML is read

YAML 1.2: \`yes\` and \`on\` are text, and so is a number that could be read in two ways (\`022\`, \`0x1F\`, \`1e3\`). Anchors,
aliases, merge keys, tags, a second document and duplicate keys are refused, and so is \`\${NAME}\` outside of commands: the
file means what it says.

### How a command is split

A command written as one text is split as a POSIX shell splits words, but no shell runs:

- Words are separated by spaces or tabs.
- Inside \`'…'\` every character stands for itself.
- Inside \`"…"\` a backslash takes the meaning from \`"\`, \`\\\`, \`$\` and a backtick; before other characters it stays.
- Outside of quotes a backslash takes the meaning from the next character.
- What a shell would act on is refused: \`|\`, \`&\`, \`;\`, \`<\`, \`>\`, \`(\`, \`)\`, backticks, \`$NAME\`, \`*\`, \`?\`, \`[\`, \`~\` or \`#\`
  at the beginning of a word, \`NAME=value\` in front, a second line. Quote it when it is meant as it stands, or write
  \`sh -c 'a | b'\`.

### Which config value wins

A value for one service in one environment, else the environment's, else the service's own, else the app's. A service
gets the text exactly as it stands in the file: \`1.10\` stays \`1.10\`. An environment gives values only of names that are
declared under \`config\` of the app or of a service.

### The order of environments

\`dev\` is the working tree and always there; it has no rollouts, so it has no \`after\`, \`strategy\` or \`gates\`. The other
environments follow each other by \`after\`.

### What belongs to the release, and what to the environment

Services, jobs and declared config travel with the release: they are the same everywhere. An environment's definition is
the one that was last accepted there. A deploy that brings another one shows the difference; one that weakens a gate must
first pass that gate. Weaker is: fewer approvals, another checklist or none, wider hours, another \`after\` or none, no
\`verify\`, a shorter \`watch\`; no canary any more, shares that leave one of the old ones out, a larger budget, a shorter
\`every\`, less \`holdback\`, a larger \`margin\` or \`tolerance\`, a wider limit or none, another signal or none. The rollout that
brings a weaker strategy still goes by the one before.

### In which unit a signal is limited

A limit for a name of \`signals\` is a number in the unit of its query. A duration is taken in seconds and a percentage as a
part of one, as Prometheus recommends for its metrics: \`queue_age: 2m\` means 120, \`hit_rate: 90%\` means 0.9. The limit is
broken beyond it on the bad side: above it, or below it with \`better: higher\`.

### What an instance is given

\`PORT\`, \`LOTSE_APP\`, \`LOTSE_ENVIRONMENT\`, \`LOTSE_SERVICE\`, \`LOTSE_RELEASE\`, \`<SERVICE>_URL\` for each web service of its own
release, \`<STORE>_DIR\` for each store, and its config; nothing of Lotse's own environment. In these names \`-\` becomes \`_\`.
To stop, it gets SIGTERM, then its \`drain\`, then SIGKILL for the whole process group.
`;
