/** What a message of a Storage queue holds: 64 KB, of which Base64 takes a quarter. Also what `tributary cost` counts with. */
export const messageBytesMax = 48 * 1024
