// Sorts the matrix by the heading that is pressed; pressed again, the other way round.
const table = document.getElementById('matrix');
const body = table.tBodies[0];
table.tHead.addEventListener('click', event => {
  const head = event.target.closest('th');
  if (!head) return;
  const column = head.cellIndex;
  const down = head.getAttribute('aria-sort') !== 'descending';
  const weight = { fail: 3, info: 2, 'not-run': 1 };
  const value = row => {
    const cell = row.cells[column];
    if (cell.classList.contains('cell')) return weight[cell.classList[1]] || 0;
    const text = cell.textContent;
    return isNaN(text) ? text : Number(text);
  };
  for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
  const sign = down ? -1 : 1;
  const sorted = [...body.rows].sort((a, b) => {
    const x = value(a), y = value(b);
    return (x > y ? 1 : x < y ? -1 : 0) * (column < 2 ? -sign : sign);
  });
  body.append(...sorted);
});
