"use strict";
// Says what is under the pointer. The page is whole without it.
(function () {
  var data = JSON.parse(document.getElementById("surface").textContent);
  var tip = document.getElementById("tip");
  function number(n) { return n.toString().replace(/\B(?=(\d{3})+$)/g, "\u202f"); }
  function describe(map, group) {
    var groups = Math.min(Number(map.dataset.cells), data.cells.length);
    var all = data.cells.length;
    var from = Math.ceil(group * all / groups);
    var to = Math.ceil((group + 1) * all / groups);
    var worst = 0, lost = 0, moved = 0;
    for (var cell = from; cell !== to; cell++) {
      worst = Math.max(worst, data.order.indexOf(data.cells[cell]));
      lost += data.lost[cell] || 0;
      moved += data.moved[cell] || 0;
    }
    var first = from * data.blocksPerCell;
    var last = Math.min(data.blockCount, to * data.blocksPerCell) - 1;
    var text = (100 * first / data.blockCount).toFixed(1) + " % \u00b7 blocks " + number(first) + " to " + number(last);
    text += "\n" + data.labels[worst];
    if (lost + moved) { text += ": " + number(lost) + " lost, " + number(moved) + " moved"; }
    return text;
  }
  document.querySelectorAll("svg.map").forEach(function (map) {
    map.querySelectorAll("path title").forEach(function (title) { title.remove(); });
    map.addEventListener("pointerleave", function () { tip.hidden = true; });
    map.addEventListener("pointermove", function (event) {
      var at = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
      var column = Math.floor((at.x - Number(map.dataset.margin)) / 10);
      var group = Math.floor(at.y / 10) * Number(map.dataset.columns) + column;
      var outside = [0 > column, column >= Number(map.dataset.columns), 0 > group, group >= Number(map.dataset.cells)];
      tip.hidden = outside.indexOf(true) !== -1;
      if (tip.hidden) { return; }
      tip.textContent = describe(map, group);
      tip.style.whiteSpace = "pre-line";
      tip.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)) + "px";
      tip.style.top = (event.clientY + 18 + tip.offsetHeight > innerHeight ? event.clientY - tip.offsetHeight - 10 : event.clientY + 18) + "px";
    });
  });
})();
