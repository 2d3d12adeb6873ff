/** A document of each data type of the catalogue, as an application writes it: what `events/` is recorded from. */
import type { Item } from '../local/official-clients/application-client.ts'

/** `number`: another one, another record. */
export function sampleDocuments(number: number): Readonly<Record<string, Item>> {
  const date = '2026-11-28'
  return {
    carts: { customer_id: `customer-${number}`, currency: 'EUR', items: { tea: { quantity: 2 } } },
    products: { product_id: `product-${number}`, title: 'Teapot', price: 19.9 },
    sessions: { session_id: `session-${number}`, customer_id: `customer-${number}`, page: '/teapots' },
    tokens: { user_id: `user-${number}`, token: 'opaque' },
    payments: { transaction_id: `payment-${number}`, events: { auth: { to: 'authorized', status: 'requested' } } },
    reservations: { sku_id: `sku-${number}`, stock: 3, reservations: { r1: { quantity: 2, status: 'requested' } } },
    descriptions: { document_id: `description-${number}`, body: 'A teapot for two.' },
    inventory: { sku_id: `sku-${number}`, location_id: 'berlin', on_hand: 20 },
    profiles: { customer_id: `customer-${number}`, name: 'Ann', preferences: { language: 'de' } },
    orders: { order_id: `order-${number}`, status: 'pending' },
    promotions: { promo_id: `promo-${number}`, version: 1, discount: 5 },
    analytics: { date, orders: 10 },
    transactions: { date, transaction_id: `transaction-${number}`, amount: 100 },
    reconciliations: { date, difference: 0 },
    vendors: { vendor_id: `vendor-${number}`, product_id: `product-${number}`, price: 12 },
  }
}
