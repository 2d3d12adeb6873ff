/** The services of Google Cloud that a site uses. They stay enabled when the site is removed: others may use them. */
import type { Construct } from 'constructs'
import { snakeCase } from '../terraform/variable.ts'
import { google } from './google.ts'

export const services = [
  'artifactregistry',
  'certificatemanager',
  'cloudbuild',
  'cloudfunctions',
  'cloudkms',
  // What this project's number and permissions are read and written by.
  'cloudresourcemanager',
  'cloudscheduler',
  'compute',
  'eventarc',
  'firestore',
  'iam',
  'logging',
  'monitoring',
  'pubsub',
  'run',
  'storage',
] as const

export function enableServices(scope: Construct) {
  return services.map(service =>
    google(scope, snakeCase(service), 'google_project_service', {
      service: `${service}.googleapis.com`,
      disable_on_destroy: false,
    }),
  )
}
