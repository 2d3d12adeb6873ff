/**
 * Memory of an instance, in MB, where the deployment says nothing else: as on the other clouds. CPU comes with memory, a
 * quarter of a core here; so does the bill, also for instances that are kept ready.
 * (https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan#instance-sizes)
 */
export const instanceMemoryMb = 512
