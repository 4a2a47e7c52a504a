"use strict";
// Instants as people write them, as the portal does: 28 décembre 2026 à 23 h 59, 28 December 2026 at 23:59.

/**
 * In a language, and in the zone of this machine if none is given; throws when there is no such instant or zone.
 * @param {Date} at
 * @param {"fr" | "en"} lang
 * @param {string} [timeZone]
 */
function writtenInstant(at, lang, timeZone) {
  const format = new Intl.DateTimeFormat(lang === "fr" ? "fr" : "en-GB", {
    day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone,
  });
  const { day, month, year, hour, minute } = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return lang === "fr"
    ? `${day === "1" ? "1er" : day} ${month} ${year} à ${Number(hour)}\u00a0h\u00a0${minute}`
    : `${day} ${month} ${year} at ${hour}:${minute}`;
}
