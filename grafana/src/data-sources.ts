/** Where panels ask for numbers: what is chosen at the top of the dashboard. */
export const metricsSource = { type: 'prometheus', uid: '${datasource}' };
