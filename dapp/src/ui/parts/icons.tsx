import type { ReactNode } from 'react';

const icon = (path: ReactNode) => () => (
  <svg className="icon" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor"
    strokeWidth="1.8" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">{path}</svg>
);

export const SearchIcon = icon(<><circle cx="11" cy="11" r="6.500" /><path d="m16 16 4.500 4.500" /></>);
export const LicenceIcon = icon(<><path d="M6 3h9l4 4v14H6z" /><path d="M14 3v5h5M9 13h7M9 17h5" /></>);
export const MoneyIcon = icon(<><rect x="3" y="6" width="18" height="13" rx="2" /><path d="M3 10h18M16 15h2" /></>);
export const SunIcon = icon(<><circle cx="12" cy="12" r="4" /><path d="M12 3v1.500M12 19.500V21M3 12h1.500M19.500 12H21M5.600 5.600l1 1M17.400 17.400l1 1M18.400 5.600l-1 1M6.600 17.400l-1 1" /></>);
export const WalletIcon = icon(<><path d="M4 7.500A2.500 2.500 0 0 1 6.500 5H17v3M4 7.500V17a2 2 0 0 0 2 2h13a1 1 0 0 0 1-1V9a1 1 0 0 0-1-1H5" /><path d="M16.500 13.500h.01" /></>);
export const CheckIcon = icon(<path d="m5 12.500 4.500 4.500L19 7.500" />);
export const CloseIcon = icon(<path d="m6 6 12 12M18 6 6 18" />);
export const SendIcon = icon(<path d="M12 19V5m-6 6 6-6 6 6" />);
export const StopIcon = icon(<rect x="7" y="7" width="10" height="10" rx="1.500" fill="currentColor" />);
export const CopyIcon = icon(<><rect x="8" y="8" width="12" height="12" rx="2" /><path d="M16 8V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v8a2 2 0 0 0 2 2h2" /></>);
export const OutIcon = icon(<path d="M9 5H6a1 1 0 0 0-1 1v12a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1v-3M13 5h6v6M19 5l-8 8" />);

export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 32 32" width="30" height="30" aria-hidden="true">
      <path fill="currentColor" d="M4 11.500 16 5l12 6.500V14H4zM6.500 15.500h3.400V24H6.500zM14.300 15.500h3.400V24h-3.400zM22.100 15.500h3.400V24h-3.400zM4 25.200h24V28H4z" />
    </svg>
  );
}
