/** Modbus functions that read each space of registers (Modbus Application Protocol V1.1b3, 6). */
export const READ_FUNCTION = { coil: 1, discrete: 2, holding: 3, input: 4 } as const;
