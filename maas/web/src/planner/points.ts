/** "2025年12月" or "12月": a month's name under its column; a day's as "11/26". */
export function pointName(first: string, byDay: boolean, english: boolean): string {
  const [year, month, day] = first.split("-").map(Number) as [number, number, number];
  if (byDay) return `${month}/${day}`;
  const short = english ? (["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][month - 1] ?? "") : `${month}月`;
  return month === 1 ? (english ? `${short} ${year}` : `${year}年${short}`) : short;
}
