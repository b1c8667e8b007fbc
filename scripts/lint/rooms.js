/**
 * The floors of the house, the lowest first: a room may import rooms of floors below its own, and itself, and no other.
 * A room is a folder, or a file that stands on another floor than its folder does; the longest prefix of a path counts.
 */
export const floors = [
  // Forms of addresses, and what runs and processes tell each other: they rest on nothing.
  [
    'resources/contact.ts',
    'channels/email/smtp-url.ts',
    'store/schema/columns.ts',
    'steps/delay/weekdays.ts',
    'json/',
    'workflows/',
    'client/',
  ],
  ['channels/email/email-address.ts', 'steps/delay/window-rule.ts', 'steps/channel/send-window.ts'],
  ['settings/', 'store/ids/', 'store/clock/read-instant.ts'],
  ['conditions/'],
  ['preferences/', 'schedules/'],
  // What a compiled definition is. How one is read from files stands higher, since each step and channel reads its part.
  [
    'templates/liquid/rendering.ts',
    'definitions/json-line.ts',
    'definitions/read-file.ts',
    'definitions/channel-types.ts',
  ],
  ['definitions/step.ts'],
  ['definitions/definition.ts', 'definitions/problem.ts', 'definitions/source.ts'],
  [
    'definitions/catalog.ts',
    'definitions/vars-file.ts',
    'definitions/version.ts',
    'definitions/schema-violation.ts',
    'definitions/linear-pattern.ts',
    'definitions/within-time.ts',
  ],
  ['metrics/traced-work.ts'],
  ['metrics/otlp-tracing.ts'],
  ['definitions/trigger-schema.ts', 'metrics/counted.ts', 'metrics/tracing.ts'],
  ['store/schema/'],
  ['store/postgres/', 'templates/'],
  ['store/clock/', 'events/', 'definitions/fields.ts'],
  ['channels/'],
  ['preferences/preference-schema.ts'],
  ['store/'],
  ['events/webhooks/', 'steps/', 'temporal/', 'resources/'],
  ['definitions/', 'engine/'],
  ['activities/', 'metrics/'],
  ['api/', 'worker/'],
  ['embedded/', 'rehearsal/'],
  ['testing/'],
  ['bench/', 'scripts/'],
  ['test/'],
]

/** Imports that go up or sideways, each with the reason why it stays. */
export const allowed = new Map([
  [
    'store/recipient-runs/lock-recipient-runs.ts -> steps/',
    'A verdict is judged where its rows are locked, and asks the graph of steps whether something was still to come.',
  ],
  [
    'store/recipient-runs/row-lane.ts -> steps/',
    'A row that waits sleeps in the lane that its kind of step has: the kind itself says whether it acts on the outside.',
  ],
])

/** The room that holds a file: its prefix, and its floor. */
export function roomOf(path) {
  let found = { room: '', floor: -1 }
  floors.forEach((rooms, floor) => {
    for (const room of rooms) if (path.startsWith(room) && room.length > found.room.length) found = { room, floor }
  })
  return found
}
