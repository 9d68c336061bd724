/** Device profiles of the demo sites, by what they stand for. */
export const PROFILES = {
  gridMeterTcp: 'sunspec/meter-203',
  gridMeterRtu: 'eastron/sdm630',
  pvInverter: 'sunspec/pv-inverter',
  batteryInverter: 'sunspec/battery-701',
  hybrid: 'goodwe/et',
  wallbox: 'edgewatt/demo-wallbox',
  relay: 'edgewatt/demo-relay',
} as const;
