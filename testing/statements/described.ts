import pg from 'pg'

/** A column of a statement's answer, as Postgres describes it without running the statement. */
export interface DescribedColumn {
  name: string
  typeId: number
  /** The column of a table may hold null. False also where Postgres does not say: of an expression, or an outer join. */
  isNullable: boolean
}

interface Wire {
  parse(message: { text: string }): void
  describe(message: { type: 'S' }): void
  sync(): void
}

interface Field {
  name: string
  dataTypeID: number
  tableID: number
  columnID: number
}

/** Describes statements on one connection. */
export class Describer {
  readonly #client: pg.Client
  readonly #nullable = new Set<string>()
  /** By the id of an enum: its labels. */
  readonly labels = new Map<number, string[]>()

  private constructor(client: pg.Client) {
    this.#client = client
  }

  static async open(url: string): Promise<Describer> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const describer = new Describer(client)
    const columns = await client.query<{ key: string }>(
      `select attrelid || '/' || attnum as key from pg_attribute join pg_class c on c.oid = attrelid
       where not attnotnull and attnum > 0 and c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace`,
    )
    for (const { key } of columns.rows) describer.#nullable.add(key)
    const enums = await client.query<{ id: number; labels: string[] }>(
      'select enumtypid as id, array_agg(enumlabel::text) as labels from pg_enum group by 1',
    )
    for (const { id, labels } of enums.rows) describer.labels.set(id, labels)
    return describer
  }

  /** Rejects with what Postgres says of a statement that it does not understand. */
  async describe(text: string): Promise<DescribedColumn[]> {
    const fields = await new Promise<Field[]>((resolve, reject) => {
      let found: Field[] = []
      const described = {
        submit(wire: Wire) {
          wire.parse({ text })
          wire.describe({ type: 'S' })
          wire.sync()
        },
        handleRowDescription: (message: { fields: Field[] }) => (found = message.fields),
        handleError: reject,
        handleReadyForQuery: () => resolve(found),
      }
      this.#client.query(described as unknown as pg.Submittable)
    })
    return fields.map(({ name, dataTypeID, tableID, columnID }) => {
      return { name, typeId: dataTypeID, isNullable: this.#nullable.has(`${tableID}/${columnID}`) }
    })
  }

  close(): Promise<void> {
    return this.#client.end()
  }
}
