function _jsq_() {}
function _showDynClicks(kind, owner, id) { document.write(200 + id * 37 % 4000); }
function getClickTimes(id) { document.write(10 + id % 300); }
