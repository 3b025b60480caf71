// What both pages need.
export const $ = id => document.getElementById(id);
export const make = (tag, text, type) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (type) made.className = type;
  return made;
};
