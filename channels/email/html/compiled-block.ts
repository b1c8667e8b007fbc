/** An address that must be safe to open, as Liquid, and the template's field that it stands in. */
export interface Address {
  field: string
  address: string
}

/** A visual block as Liquid: of its HTML, and of its plain text. */
export interface CompiledBlock {
  html: string
  text: string
  addresses: Address[]
}
