import type { Button } from '../button.ts'

/** Space around a block, in pixels, and where its content stands. */
export interface Edges {
  top: number
  right: number
  bottom: number
  left: number
  align: 'left' | 'center' | 'right' | null
}

/** Colours are CSS, or a name of `vars.branding` such as primary_color; null: as the variant has it. Lengths in pixels. */
export interface ButtonLook {
  variant: 'solid' | 'outline'
  size: 'sm' | 'md' | 'lg'
  fullWidth: boolean
  backgroundColor: string | null
  textColor: string | null
  borderColor: string | null
  borderWidth: number | null
  radius: number
}

export interface EmailButton extends Button {
  look?: ButtonLook
}

export type VisualBlock =
  | { type: 'markdown'; content: string; edges?: Edges }
  | { type: 'html'; content: string; edges?: Edges }
  | { type: 'button_set'; buttons: EmailButton[]; gap?: number; edges?: Edges }
  | { type: 'divider'; edges?: Edges }
  /** `url` is empty where the file has none: there is no such image in any message. */
  | { type: 'image'; url: string; alt: string; action: string | null; width: string | null; edges?: Edges }
  | { type: 'partial'; key: string; attrs: Record<string, string> }
  | { type: 'row'; columns: VisualBlock[][]; edges?: Edges }
