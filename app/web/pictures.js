// Pictures that come as files: dropped, pasted, chosen, photographed.

const find = (id) => document.getElementById(id);

let newest = 0; // number of the last file that was given

/** Show on the pad whatever picture is given to the page. */
export function listenForPictures(pad) {
  const give = (files) => { if (files?.length) showFile(pad, files[0]); };
  for (const [button, input] of [['choose', 'file'], ['photograph', 'camera']]) {
    find(button).addEventListener('click', () => find(input).click());
    find(input).addEventListener('change', (event) => {
      give(event.target.files);
      event.target.value = ''; // so that the same file can be chosen again
    });
  }
  document.addEventListener('paste', (event) => give(event.clipboardData?.files));
  listenForDrops(give);
}

function listenForDrops(give) {
  const mark = (isDropping) => find('paper').classList.toggle('is-dropping', isDropping);
  document.addEventListener('dragover', (event) => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    mark(true);
  });
  document.addEventListener('dragleave', (event) => { if (!event.relatedTarget) mark(false); });
  document.addEventListener('drop', (event) => {
    mark(false);
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    give(event.dataTransfer.files);
  });
}

/** What the browser cannot show is given to the server all the same, which may know it. */
async function showFile(pad, file) {
  const number = ++newest;
  const scene = pad.scenes.current;
  const image = await createImageBitmap(file).catch(() => null);
  // A large file takes a while: what was given or drawn meanwhile is newer.
  if (number !== newest || pad.scenes.current !== scene) return;
  pad.show({ blob: file, name: file.name, image, isInk: false });
}
