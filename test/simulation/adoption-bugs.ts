/** For every rule of an adoption (P17) a bug that leaves it out, found by the runs of simulate-adoption.ts. */
import type { PlantedBug } from './planted-bugs.ts'

const adoption = 'simulate-adoption.ts'

export const adoptionBugs: readonly PlantedBug[] = [
  {
    rule: 'P17',
    leavesOut: 'what was there before is not captured as a creation',
    simulation: adoption,
    edits: [
      {
        file: 'shared/replicate/note.ts',
        find: 'if (!dataTypeOf(here, ref.type).plan.adopt) return',
        replace: 'if (here) return',
      },
    ],
  },
  {
    rule: 'P17, old image',
    leavesOut: 'what an event says stood before the first write is noted',
    simulation: adoption,
    edits: [
      {
        file: 'shared/replicate/note.ts',
        find: 'await note(ref, stood, adoption, ports)',
        replace: 'if (!stood.document) await note(ref, stood, adoption, ports)',
      },
    ],
  },
  {
    rule: 'P17, order',
    leavesOut: 'of events in no order the one that knows the oldest content counts',
    shownBy: 335,
    simulation: adoption,
    edits: [
      { file: 'shared/replicate/note.ts', find: 'record.notedUs < known.notedUs', replace: 'record.notedUs < 0' },
    ],
  },
  {
    rule: 'P17, settle',
    leavesOut: 'what is found counts only after the feed has had time to tell that it was written',
    shownBy: 100,
    simulation: adoption,
    edits: [
      {
        file: 'shared/replicate/adopt.ts',
        find: 'await clock.sleep(settleMs)\n      const openRefs',
        replace: 'await clock.sleep(0 * settleMs)\n      const openRefs',
      },
    ],
  },
  {
    rule: 'P17, before',
    leavesOut: 'a document made before the adoption began was there before',
    simulation: adoption,
    edits: [
      {
        file: 'shared/replicate/note.ts',
        find: 'isNew(before, adoption) && nowMs < sinceMs(adoption)',
        replace: 'isNew(before, adoption) && nowMs < 0',
      },
    ],
  },
  {
    rule: 'P17, one baseline',
    leavesOut: 'where documents differ all sites agree on one',
    simulation: adoption,
    edits: [
      {
        file: 'shared/replicate/adopt.ts',
        find: 'const settled = same && noted.length === sites.length',
        replace: 'const settled = same || noted.length === sites.length',
      },
    ],
  },
  {
    rule: 'P17, on top',
    leavesOut: 'what was written since stays on top of what the sites agreed on',
    simulation: adoption,
    edits: [
      {
        file: 'shared/replicate/adopting-site.ts',
        find: 'const rebased = rebaseDocument(joinedParts(plan.merge), { from, to: read.document, onto: baseline })',
        replace: 'const rebased = rebaseDocument(joinedParts(plan.merge), { from, to: from, onto: baseline })',
      },
    ],
  },
  {
    rule: 'P17, last',
    leavesOut: 'capturing begins when every site knows every baseline',
    simulation: adoption,
    edits: [
      {
        file: 'shared/replicate/adopt.ts',
        find: "this.#tell('settling feeds', sites[0])",
        replace: "await this.#advance('noting', 'capturing')",
      },
    ],
  },
  {
    rule: 'P17, deleted',
    leavesOut: 'records whose documents were deleted meanwhile are compared too',
    simulation: adoption,
    edits: [
      {
        file: 'shared/replicate/adopt.ts',
        find: "await this.#eachPage('comparing', site, site.scan.records, refs => this.#compare(refs, undefined))",
        replace: '',
      },
    ],
  },
  {
    rule: 'P17, meanwhile',
    leavesOut: 'what was written meanwhile is captured in the end',
    simulation: adoption,
    edits: [
      {
        file: 'shared/replicate/adopt.ts',
        find: 'for (const site of sites) await this.#captureAll(site)',
        replace: '',
      },
    ],
  },
  {
    rule: 'P17, once more',
    leavesOut: 'what is noted while the adoption ends is captured',
    shownBy: 695,
    simulation: adoption,
    edits: [
      {
        file: 'shared/replicate/note.ts',
        find: "now && now.phase !== 'noting' ? await capture(ref, looking)",
        replace: 'now && now.sinceMs < 0 ? await capture(ref, looking)',
      },
    ],
  },
  {
    rule: 'P17, resumed',
    leavesOut: 'a record whose settlement was interrupted is settled as it was begun, with the account of it',
    shownBy: 36,
    simulation: adoption,
    edits: [{ file: 'shared/replicate/adopt.ts', find: 'if (begun) return begun', replace: '' }],
  },
]
