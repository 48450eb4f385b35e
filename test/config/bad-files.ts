/** Name, document, and the exact lines of the error, without the file's name. */
export type BadFile = readonly [name: string, document: string, lines: readonly string[]];

export const BAD_FILES: readonly BadFile[] = [
  ['empty', '', ['1:1: (whole file): expected a mapping, got an empty file']],
  ['only a comment', '# nothing\n', ['1:1: (whole file): expected a mapping, got an empty file']],
  ['only a document marker', '---\n', ['1:1: (whole file): expected a mapping, got an empty file']],
  ['a list', '- clouds\n', ['1:1: (whole file): expected a mapping, got a list']],
  ['a word', 'clouds\n', ['1:1: (whole file): expected a mapping, got a single value']],
  ['two documents', 'clouds: {a: }\n---\nclouds: {b: }\n', ['2:1: (whole file): expected one document, got several']],
  [
    'a second document without a marker',
    'clouds: {a: }\n...\nclouds: {b: }\n',
    ['3:1: (whole file): expected one document, got several'],
  ],
  [
    'a tab as indentation',
    'clouds:\n\ta:\n',
    ['2:1: (whole file): expected valid YAML, got a tab as indentation (use spaces)'],
  ],
  [
    'a bracket left open',
    'clouds: {a: {interval: 30s}\n',
    ['2:1: (whole file): expected valid YAML, got wrong indentation, or a bracket that is not closed'],
  ],
  [
    'a quote left open',
    'grafana_url: "https://g\n',
    ['2:1: (whole file): expected valid YAML, got a missing character, such as a closing quote, a ":" or a space'],
  ],
  [
    'two colons',
    'clouds: a: b\n',
    ['1:9: (whole file): expected valid YAML, got a second ":" on the line (quote the value)'],
  ],
  [
    'an alias of nothing',
    'clouds: *base\n',
    ['1:9: clouds: expected an alias of an anchor above, got an alias of none'],
  ],
  [
    'an alias of itself',
    'clouds: &a {a: *a}\n',
    ['1:16: clouds.a: expected an alias of an anchor above, got an alias of none'],
  ],
  ['an unknown tag', 'clouds: !env CLOUDS\n', ['1:9: (whole file): expected valid YAML, got a tag that is not known']],
  [
    'a reserved character',
    'grafana_url: @https://g\n',
    ['1:14: (whole file): expected valid YAML, got a value that begins with a reserved character (quote it)'],
  ],
  ['a mapping as a key', 'clouds: {{a: 1}: 2}\n', ['1:10: clouds: expected a plain key, got a collection as a key']],
  [
    'a duplicate key',
    'clouds:\n  a:\n    interval: 30s\n    interval: 40s\n',
    ['4:5: clouds.a.interval: expected once, got it again (first at 3:5)'],
  ],
  ['a duplicate cloud', 'clouds:\n  a:\n  "a": {}\n', ['3:3: clouds.a: expected once, got it again (first at 2:3)']],
  ['an unknown key', 'cloud:\n  a:\n', ['1:1: cloud: expected a known key (did you mean clouds?), got "cloud"']],
  [
    'an unknown key far from all',
    'username: admin\n',
    ['1:1: username: expected one of clouds, defaults, grafana_url, runbook_url, got "username"'],
  ],
  [
    'a misspelt setting',
    'clouds: {a: {intervall: 30s}}\n',
    ['1:14: clouds.a.intervall: expected a known key (did you mean interval?), got "intervall"'],
  ],
  [
    'dashes for underscores',
    'clouds: {a: {stale-after: 5m}}\n',
    ['1:14: clouds.a.stale-after: expected a known key (did you mean stale_after?), got "stale-after"'],
  ],
  [
    'a clouds.yaml entry',
    'clouds:\n  prod:\n    auth: {password: s3cret}\n',
    [
      '3:5: clouds.prod.auth: expected one of os_cloud, interval, schedule, max_random_delay, timeouts, stale_after, collectors, operation_limits, volume_types_interval, limits, canary, got "auth"',
    ],
  ],
  [
    'os_cloud in defaults',
    'defaults: {os_cloud: prod}\n',
    [
      '1:12: defaults.os_cloud: expected one of interval, schedule, max_random_delay, timeouts, stale_after, collectors, operation_limits, volume_types_interval, limits, got "os_cloud"',
    ],
  ],
  [
    'an unknown timeout',
    'clouds: {a: {timeouts: {connect: 1s}}}\n',
    ['1:25: clouds.a.timeouts.connect: expected one of request, scheduler_patience, scheduler, got "connect"'],
  ],
  [
    'an unknown collector',
    'defaults: {collectors: {pool: false}}\n',
    ['1:25: defaults.collectors.pool: expected a known key (did you mean pools?), got "pool"'],
  ],
  [
    'an unknown limit',
    'defaults: {limits: {body: 1MiB}}\n',
    ['1:21: defaults.limits.body: expected one of max_body, max_rows, max_label_length, got "body"'],
  ],
  [
    '__proto__ as a key',
    '__proto__: {interval: 5s}\n',
    ['1:1: __proto__: expected one of clouds, defaults, grafana_url, runbook_url, got "__proto__"'],
  ],
  [
    '__proto__ as a cloud',
    'clouds: {__proto__: {interval: 5s}}\n',
    ['1:10: clouds.__proto__: expected a name of at most 63 letters, digits, ".", "_", "@" and "-", got "__proto__"'],
  ],
  [
    '__proto__ as a setting',
    'clouds: {a: {__proto__: 1}}\n',
    [
      '1:14: clouds.a.__proto__: expected one of os_cloud, interval, schedule, max_random_delay, timeouts, stale_after, collectors, operation_limits, volume_types_interval, limits, canary, got "__proto__"',
    ],
  ],
  ['clouds without a value', 'clouds:\n', ['1:8: clouds: expected a mapping, got nothing']],
  ['no cloud', 'clouds: {}\n', ['1:9: clouds: expected at least one cloud, got an empty mapping']],
  ['clouds as a list', 'clouds:\n- name: a\n', ['2:1: clouds: expected a mapping, got a list']],
  ['a cloud that is text', 'clouds: {a: prod}\n', ['1:13: clouds.a: expected a mapping, got "prod"']],
  [
    'a cloud name with a slash',
    'clouds: {a/b: }\n',
    ['1:10: clouds.a/b: expected a name of at most 63 letters, digits, ".", "_", "@" and "-", got "a/b"'],
  ],
  [
    'an empty cloud name',
    'clouds: {"": }\n',
    ['1:10: clouds."": expected a name of at most 63 letters, digits, ".", "_", "@" and "-", got ""'],
  ],
  [
    'a cloud name with a line break',
    'clouds: {"a\\nb": }\n',
    ['1:10: clouds."a\\n...": expected a name of at most 63 letters, digits, ".", "_", "@" and "-", got "a\\nb"'],
  ],
  ['defaults without a value', 'defaults:\n', ['1:10: defaults: expected a mapping, got nothing']],
  [
    'a duration without a unit',
    'defaults: {interval: 30}\n',
    ['1:22: defaults.interval: expected a duration from 1s to 1d, such as 30s or 1m30s, got 30 without a unit'],
  ],
  [
    'a duration with a space',
    'defaults: {interval: 30 s}\n',
    ['1:22: defaults.interval: expected a duration from 1s to 1d, such as 30s or 1m30s, got "30 s"'],
  ],
  [
    'units out of order',
    'defaults: {interval: 30s1h}\n',
    ['1:22: defaults.interval: expected a duration from 1s to 1d, such as 30s or 1m30s, got "30s1h"'],
  ],
  [
    'a fraction of a second',
    'defaults: {interval: 1.5s}\n',
    ['1:22: defaults.interval: expected a duration from 1s to 1d, such as 30s or 1m30s, got "1.5s"'],
  ],
  [
    'a negative duration',
    'defaults: {interval: -30s}\n',
    ['1:22: defaults.interval: expected a duration from 1s to 1d, such as 30s or 1m30s, got "-30s"'],
  ],
  [
    'an interval of nothing',
    'defaults: {interval: }\n',
    ['1:22: defaults.interval: expected a duration from 1s to 1d, such as 30s or 1m30s, got nothing'],
  ],
  [
    'an interval too short',
    'defaults: {interval: 999ms}\n',
    ['1:22: defaults.interval: expected a duration from 1s to 1d, such as 30s or 1m30s, got "999ms"'],
  ],
  [
    'an interval too long',
    'defaults: {interval: 25h}\n',
    ['1:22: defaults.interval: expected a duration from 1s to 1d, such as 30s or 1m30s, got "25h"'],
  ],
  [
    'a duration of nines',
    'defaults: {interval: 99999999999999999999s}\n',
    ['1:22: defaults.interval: expected a duration from 1s to 1d, such as 30s or 1m30s, got "99999999999999999999s"'],
  ],
  [
    'a duration that is a list',
    'defaults: {interval: [30s]}\n',
    ['1:22: defaults.interval: expected a duration from 1s to 1d, such as 30s or 1m30s, got a list'],
  ],
  [
    'interval and schedule',
    'clouds:\n  a:\n    interval: 30s\n    schedule: "*/30 * * * * *"\n',
    ['4:5: clouds.a.schedule: expected interval or schedule, got both'],
  ],
  [
    'interval and schedule in defaults',
    'defaults: {schedule: "* * * * *", interval: 5m}\n',
    ['1:12: defaults.schedule: expected interval or schedule, got both'],
  ],
  [
    'four fields',
    'defaults: {schedule: "* * * *"}\n',
    ['1:23: defaults.schedule: expected a node-cron expression of 5 or 6 fields, got 4 fields'],
  ],
  [
    'seven fields',
    'defaults: {schedule: "* * * * * * *"}\n',
    ['1:23: defaults.schedule: expected a node-cron expression of 5 or 6 fields, got 7 fields'],
  ],
  [
    'an empty schedule',
    'defaults: {schedule: ""}\n',
    ['1:23: defaults.schedule: expected a node-cron expression of 5 or 6 fields, got 0 fields'],
  ],
  [
    'a schedule that is a number',
    'defaults: {schedule: 30}\n',
    ['1:22: defaults.schedule: expected a node-cron expression of 5 or 6 fields, got 30'],
  ],
  [
    'a bad second',
    "defaults:\n  schedule: '61 * * * * *'\n",
    ['2:14: defaults.schedule: expected seconds from 0 to 59, got "61"'],
  ],
  [
    'a range that would be expanded to more than there is memory for',
    'defaults: {schedule: "0-9999999999 * * * *"}\n',
    ['1:23: defaults.schedule: expected minutes from 0 to 59, got "0-9999999999"'],
  ],
  [
    'a range that would be counted for minutes, within a list',
    "defaults:\n  schedule: '0 0 1,2-400000000/9,5 * * *'\n",
    ['2:18: defaults.schedule: expected hours from 0 to 23, got "1,2-400000000/9,5"'],
  ],
  [
    'a schedule without end',
    `defaults: {schedule: "${'1,'.repeat(10_000)}1 * * * *"}\n`,
    ['1:23: defaults.schedule: expected a node-cron expression of at most 1000 characters, got 20009 characters'],
  ],
  [
    'a bad hour, unquoted',
    'defaults:\n  schedule: 0 0 24 * * *\n',
    ['2:17: defaults.schedule: expected hours from 0 to 23, got "24"'],
  ],
  [
    'a bad weekday of five fields',
    'defaults:\n  schedule: "0 0 1 1 8"\n',
    ['2:22: defaults.schedule: expected a day of the week from 0 to 7 or sun to sat, got "8"'],
  ],
  [
    'a day that never comes',
    'defaults:\n  schedule: "0 0 31 2 *"\n',
    ['2:18: defaults.schedule: expected a day that the month has, got "31"'],
  ],
  [
    'a working day that never comes',
    'defaults: {schedule: "0 0 31W 2 *"}\n',
    ['1:23: defaults.schedule: expected times that come, got "0 0 31W 2 *"'],
  ],
  [
    '@every',
    'defaults: {schedule: "@every 30s"}\n',
    ['1:23: defaults.schedule: expected a node-cron expression of 5 or 6 fields, got 2 fields'],
  ],
  [
    'a step of ninety seconds',
    'defaults: {schedule: "*/90 * * * * *"}\n',
    [
      '1:23: defaults.schedule: expected a step that divides 60 evenly (for any other pace use interval, such as interval: 90s), got "*/90"',
    ],
  ],
  [
    'a step of seven minutes',
    'defaults: {schedule: "0 */7 * * * *"}\n',
    [
      '1:25: defaults.schedule: expected a step that divides 60 evenly (for any other pace use interval, such as interval: 90s), got "*/7"',
    ],
  ],
  [
    'a step of five hours',
    'defaults: {schedule: "0 0 0-23/5 * * *"}\n',
    [
      '1:27: defaults.schedule: expected a step that divides 24 evenly (for any other pace use interval, such as interval: 90s), got "0-23/5"',
    ],
  ],
  [
    'a step of zero',
    'defaults: {schedule: "*/0 * * * * *"}\n',
    ['1:23: defaults.schedule: expected seconds from 0 to 59, got "*/0"'],
  ],
  [
    'a delay longer than half the interval',
    'clouds: {a: {interval: 10s, max_random_delay: 6s}}\n',
    ['1:47: clouds.a.max_random_delay: expected at most half the interval of cloud a (10s), got 6s'],
  ],
  [
    'a default delay too long for one cloud',
    'clouds: {a: {interval: 10s}, b: }\ndefaults: {max_random_delay: 6s}\n',
    ['2:30: defaults.max_random_delay: expected at most half the interval of cloud a (10s), got 6s'],
  ],
  [
    'stale before the next refresh',
    'clouds: {a: {schedule: "0 */10 * * * *", stale_after: 5m}}\n',
    ['1:55: clouds.a.stale_after: expected at least the interval of cloud a (10m), got 5m'],
  ],
  [
    'patience beyond the timeout',
    'defaults: {timeouts: {scheduler: 5s}}\n',
    ['1:34: defaults.timeouts.scheduler: expected scheduler at least as long as scheduler_patience (10s), got 5s'],
  ],
  [
    'a boolean of YAML 1.1',
    'defaults: {collectors: {pools: no}}\n',
    ['1:32: defaults.collectors.pools: expected true or false, got "no"'],
  ],
  [
    'a boolean in quotes',
    'defaults: {collectors: {volume_types: "false"}}\n',
    ['1:39: defaults.collectors.volume_types: expected true or false, got "false"'],
  ],
  [
    'a size without a unit',
    'defaults: {limits: {max_body: 1000000}}\n',
    ['1:31: defaults.limits.max_body: expected a size from 1KiB to 1GiB, such as 64MiB, got 1000000 without a unit'],
  ],
  [
    'a decimal size',
    'defaults: {limits: {max_body: 64MB}}\n',
    ['1:31: defaults.limits.max_body: expected a size from 1KiB to 1GiB, such as 64MiB, got "64MB"'],
  ],
  [
    'a size too large',
    'defaults: {limits: {max_body: 2GiB}}\n',
    ['1:31: defaults.limits.max_body: expected a size from 1KiB to 1GiB, such as 64MiB, got "2GiB"'],
  ],
  [
    'half a row',
    'defaults: {limits: {max_rows: 0.5}}\n',
    ['1:31: defaults.limits.max_rows: expected a whole number from 1 to 10000000, got 0.5'],
  ],
  [
    'rows that are not a number',
    'defaults: {limits: {max_rows: .nan}}\n',
    ['1:31: defaults.limits.max_rows: expected a whole number from 1 to 10000000, got .nan'],
  ],
  [
    'rows without end',
    'defaults: {limits: {max_rows: .inf}}\n',
    ['1:31: defaults.limits.max_rows: expected a whole number from 1 to 10000000, got .inf'],
  ],
  [
    'rows in quotes',
    'defaults: {limits: {max_rows: "5"}}\n',
    ['1:31: defaults.limits.max_rows: expected a whole number from 1 to 10000000, got "5"'],
  ],
  [
    'a label too short',
    'defaults: {limits: {max_label_length: 254}}\n',
    ['1:39: defaults.limits.max_label_length: expected a whole number from 255 to 65536, got 254'],
  ],
  [
    'an empty os_cloud',
    'clouds: {a: {os_cloud: ""}}\n',
    ['1:24: clouds.a.os_cloud: expected the name of a cloud in clouds.yaml, got ""'],
  ],
  [
    'an os_cloud that is a number',
    'clouds: {a: {os_cloud: 5}}\n',
    ['1:24: clouds.a.os_cloud: expected the name of a cloud in clouds.yaml, got 5'],
  ],
  [
    'a Grafana URL of another kind',
    'grafana_url: javascript:alert(1)\n',
    ['1:14: grafana_url: expected a URL beginning with http:// or https://, without a user, got "javascript:alert(1)"'],
  ],
  [
    'a Grafana URL with a password',
    'grafana_url: https://u:s3cret@g/\n',
    [
      '1:14: grafana_url: expected a URL beginning with http:// or https://, without a user, got a text with an @ in it (not shown: it may hold a <secret>)',
    ],
  ],
  [
    'a terminal escape in a value',
    'defaults: {interval: "\\e[31m\\x9b\\u2028"}\n',
    [
      '1:22: defaults.interval: expected a duration from 1s to 1d, such as 30s or 1m30s, got "\\u001b[31m\\u009b\\u2028"',
    ],
  ],
  [
    'a value of a thousand characters',
    `defaults: {interval: ${'x'.repeat(1000)}}\n`,
    [
      '1:22: defaults.interval: expected a duration from 1s to 1d, such as 30s or 1m30s, got "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..."',
    ],
  ],
  [
    'several problems',
    'grafana: 1\nclouds:\n  b: {interval: 5}\n  a: {limits: {max_rows: 0}}\n',
    [
      '1:1: grafana: expected a known key (did you mean grafana_url?), got "grafana"',
      '3:17: clouds.b.interval: expected a duration from 1s to 1d, such as 30s or 1m30s, got 5 without a unit',
      '4:26: clouds.a.limits.max_rows: expected a whole number from 1 to 10000000, got 0',
    ],
  ],
  ['brackets without end', '['.repeat(1_000_000), ['1:1: (whole file): expected at most 30 levels, got more']],
  ['dashes without end', '- '.repeat(500_000), ['1:1: (whole file): expected at most 30 levels, got more']],
  [
    'indentation without end',
    Array.from({ length: 1000 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join(''),
    ['1:1: (whole file): expected lines indented by less than 120 columns, got more'],
  ],
  [
    'a chain of keys in brackets',
    `[${'a: '.repeat(300_000)}]`,
    ['1:1: (whole file): expected at most 30 levels, got more'],
  ],
  [
    'more tokens than anybody writes',
    'a: 1\n'.repeat(100_000),
    ['1:1: (whole file): expected at most 100000 YAML tokens, got more'],
  ],
  [
    'a canary with the login of its cloud',
    'clouds: {a: {canary: {os_cloud: a, volume_types: {t: c@b}}}}\n',
    [
      '1:33: clouds.a.canary.os_cloud: expected another entry of clouds.yaml than cloud a has: the canary has a login of its own, got "a"',
    ],
  ],
  [
    'a canary without its own login, and without a type',
    'clouds: {a: {canary: {volume_types: {}}}}\n',
    [
      '1:14: clouds.a.canary.os_cloud: expected the name of a cloud in clouds.yaml, got nothing',
      '1:37: clouds.a.canary.volume_types: expected 1 to 100 volume types, got an empty mapping',
    ],
  ],
  [
    'a canary for all types',
    'clouds: {a: {canary: {os_cloud: b, volume_types: all}}}\n',
    ['1:50: clouds.a.canary.volume_types: expected a mapping of volume types to their backends, got "all"'],
  ],
  [
    'a pool for a canary',
    'clouds: {a: {canary: {os_cloud: b, volume_types: {t: c@b#pool}}}}\n',
    [
      '1:54: clouds.a.canary.volume_types.t: expected a backend, such as host@backend, or several, got a text with an @ in it (not shown: it may hold a <secret>)',
    ],
  ],
  [
    'two types for one backend',
    'clouds: {a: {canary: {os_cloud: b, volume_types: {t: c@b, u: c@b}}}}\n',
    [
      '1:50: clouds.a.canary.volume_types: expected one volume type for each backend of cloud a, got "t" and "u" for the same',
    ],
  ],
  [
    'a canary that is in a hurry, and what it does not know',
    'clouds: {a: {canary: {os_cloud: b, volume_types: {t: several}, interval: 1m, pause_file: x, attach: true, replicate: true}}}\n',
    [
      '1:74: clouds.a.canary.interval: expected a duration from 5m to 7d, such as 30s or 1m30s, got "1m"',
      '1:90: clouds.a.canary.pause_file: expected the path of a file that begins with /, got "x"',
      '1:101: clouds.a.canary.attach: expected a mapping, got true',
      '1:107: clouds.a.canary.replicate: expected one of os_cloud, volume_types, interval, pause_file, snapshot, image, attach, got "replicate"',
    ],
  ],
  [
    'a canary that attaches without a connector, from what is no image',
    'clouds: {a: {canary: {os_cloud: b, volume_types: {t: several}, image: cirros, attach: {allow_zoning: true}}}}\n',
    [
      '1:71: clouds.a.canary.image: expected the id of an image, a UUID, got "cirros"',
      '1:79: clouds.a.canary.attach.connector: expected what a host says of itself as os-brick has it: a mapping with host, and initiator, wwpns or nqn, got nothing',
    ],
  ],
  [
    'a canary that would write zones to a fabric without leave',
    'clouds: {a: {canary: {os_cloud: b, volume_types: {t: several}, attach: {connector: {host: h, wwpns: ["500143802426baf4"]}, allow_zoning: false}}}}\n',
    [
      '1:138: clouds.a.canary.attach.allow_zoning: expected true, because the connector has wwpns or wwnns: on Fibre Channel a round may write zones to the fabric, got false',
    ],
  ],
  [
    'a connector without a host, and one of odd values',
    'clouds: {a: {canary: {os_cloud: b, volume_types: {t: several}, attach: {connector: {initiator: iqn.1}}}}}\n',
    [
      '1:84: clouds.a.canary.attach.connector: expected what a host says of itself as os-brick has it: a mapping with host, and initiator, wwpns or nqn, got a mapping',
    ],
  ],
  [
    'a canary for every cloud',
    'clouds: {a: }\ndefaults: {canary: {os_cloud: b, volume_types: {t: c@b}}}\n',
    [
      '2:12: defaults.canary: expected one of interval, schedule, max_random_delay, timeouts, stale_after, collectors, operation_limits, volume_types_interval, limits, got "canary"',
    ],
  ],
];
