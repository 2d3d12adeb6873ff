/** The document that is written in every system: a cart of three lines, about 400 bytes of JSON. */
export interface Cart {
  readonly customer_id: string
  readonly currency: string
  /** The value that the harness looks for. */
  readonly round: number
  readonly items: Readonly<Record<string, { readonly quantity: number; readonly note: string }>>
}

export function cartOf(customer: string, round: number): Cart {
  const line = (name: string, quantity: number) => ({ quantity, note: `${name}, gift wrapped, for ${customer}` })
  return {
    customer_id: customer,
    currency: 'EUR',
    round,
    items: { 'sku-apples': line('apples', 3), 'sku-bread': line('bread', 1), 'sku-cheese': line('cheese', 2) },
  }
}
