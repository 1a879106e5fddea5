// Sorts the matrix by the heading that is pressed; pressed again, the other way round.
const table = document.getElementById('matrix');
const body = table.tBodies[0];
table.tHead.addEventListener('click', event => {
  const head = event.target.closest('th');
  if (!head) return;
  const column = head.cellIndex;
  // Names are read from A on; of times and of what was found the most comes first.
  const [first, other] = column < 2 ? ['ascending', 'descending'] : ['descending', 'ascending'];
  const direction = head.getAttribute('aria-sort') === first ? other : first;
  const weight = { fail: 3, info: 2, 'not-run': 1 };
  const value = row => {
    const cell = row.cells[column];
    if (cell.classList.contains('cell')) return weight[cell.classList[1]] || 0;
    const text = cell.textContent;
    return isNaN(text) ? text : Number(text);
  };
  for (const cell of table.tHead.rows[0].cells) cell.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', direction);
  const sign = direction === 'ascending' ? 1 : -1;
  const sorted = [...body.rows].sort((a, b) => {
    const x = value(a), y = value(b);
    return (x > y ? 1 : x < y ? -1 : 0) * sign;
  });
  body.append(...sorted);
});
