// The page in English and in simplified Chinese.

export const WORDS = {
  en: {
    title: 'AlexNet digits', other: '中文', other_lang: 'zh-CN',
    skip: 'Skip to the pad', api: 'API',
    draw: 'Draw a digit', draw_number: 'Write a number',
    what_to_read: 'What to read', one_digit: 'One digit', a_number: 'A number',
    pad_label: 'Pad to draw on',
    pad_help: 'Arrow keys move the pen, Space puts it down and lifts it, Control Z undoes, Delete clears.',
    hint: 'Draw here', hint_more: 'or drop or paste a picture', drop: 'Drop the picture',
    undo: 'Undo', clear: 'Clear', pen: 'Pen', choose: 'Picture…', photograph: 'Photograph',
    samples: 'Or try one of these', sample: 'Sample {digit}, number {place}',
    reading: 'Reading', nothing_yet: 'The reading appears here while you draw.',
    nothing_yet_number: 'Write several digits side by side, or give a picture of a number.',
    probabilities: 'Probability of each digit', figures: 'Digits of the number',
    accepted: 'Accepted', refused: 'Not accepted',
    sure: '{share} sure, calibrated on digits it had not seen.',
    not_a_digit: 'This does not look like any digit it has learnt. If it had to choose: {digit}.',
    unsure: 'Only {share} sure: too close to another digit to rely on.',
    several_digits: 'There seems to be more than one digit. Switch to “A number” to read them all.',
    low_contrast: 'The ink is faint.', touches_border: 'The digit touches the edge.',
    tiny: 'The digit is tiny.',
    number_accepted: 'Every digit can be relied on.',
    number_refused: 'The dashed digits are not to be relied on.',
    no_digits: 'No digits were found.',
    spoken: 'Read as {digit}, {share} sure. {verdict}.', spoken_number: 'Read as {text}. {verdict}.',
    pen_down: 'Pen down', pen_up: 'Pen lifted', cleared: 'The pad is empty.',
    saw: 'What the model saw', saw_label: 'The 28 by 28 pixels the model was given',
    heat: 'Heatmap', against: 'against', for: 'for',
    heat_off: 'Cropped, brought to 20 × 20 and centred by mass, as MNIST’s digits were.',
    heat_on: 'Every spot was erased once and the digit read again. Where it glows orange, erasing the ink makes a {digit} less likely; where blue, more.',
    time: 'Where the time went', network: 'Network', server: 'Server', picture: 'Picture',
    queue: 'Queue', engine: 'Engine', explain: 'Heatmap', milliseconds: '{n} ms',
    request: 'The same request', copy: 'Copy', copied: 'Copied', copy_by_hand: 'Selected: press Ctrl+C',
    save: 'Save this picture',
    footer: 'Pictures are read in memory and not kept. Sample digits: MNIST, CC BY-SA 3.0.',
    checking: 'Looking for the server', ready: 'Ready, {model}', starting: 'The model is being loaded',
    draining: 'Shutting down', unreachable: 'Server unreachable',
    unreachable_title: 'The server cannot be reached.',
    unreachable_text: 'What you draw stays here and is read as soon as it is back.',
    busy_title: 'The server is busy.', busy_text: 'Trying again in {n} s.',
    not_ready_title: 'The model is still being loaded.', not_ready_text: 'The reading follows by itself.',
    draining_title: 'The server is shutting down.', draining_text: 'Trying again until it is back.',
    late_title: 'The answer took too long.', late_text: 'Trying again in {n} s.',
    lost_title: 'The connection broke while the picture was on its way.',
    lost_text: 'It may be too large ({size}).',
    odd_title: 'The answer cannot be understood.',
    odd_text: 'It may be from something between this page and the server.',
    refused_title: 'The picture was refused.', no_reason: 'No reason was given.',
    blank_image: 'There is no ink in it to be seen.',
    not_an_image: 'This is no picture in a form that is read here: PNG, JPEG, WebP, BMP, GIF or TIFF.',
    damaged_image: 'The file is damaged or incomplete.',
    too_many_pixels: 'It has too many pixels.',
    upload_too_large: 'The file is too large.',
    empty_upload: 'The file is empty.',
    unsupported_media_type: 'This kind of file is not read here.',
    no_key_title: 'This server wants an API key.', no_key_text: 'It stays in this tab.',
    wrong_key_title: 'This key is not known here.', wrong_key_text: 'Was it copied whole?', key: 'API key', use_key: 'Use',
    no_read_title: 'This server reads one digit at a time.',
    no_read_text: 'It has no /read yet. Switch to “One digit”.',
    trouble_title: 'Something went wrong on the server.',
    internal_error: 'Its log tells more.', engine_failure: 'The model failed on this picture.',
    slow_request: 'It came too slowly.',
    no_preview: '{name} cannot be shown here, but it was sent.',
  },
  zh: {
    title: 'AlexNet 手写数字', other: 'English', other_lang: 'en',
    skip: '跳到画板', api: 'API',
    draw: '写一个数字', draw_number: '写一串数字',
    what_to_read: '识别什么', one_digit: '一个数字', a_number: '一串数字',
    pad_label: '画板',
    pad_help: '方向键移动画笔，空格键落笔或提笔，Ctrl+Z 撤销，Delete 清空。',
    hint: '在这里写', hint_more: '也可以拖入或粘贴图片', drop: '松开即可识别',
    undo: '撤销', clear: '清空', pen: '笔宽', choose: '图片…', photograph: '拍照',
    samples: '或者试试这些样例', sample: '样例 {digit}，第 {place} 个',
    reading: '识别结果', nothing_yet: '边写边识别，结果显示在这里。',
    nothing_yet_number: '并排写几个数字，或者给一张带数字的图片。',
    probabilities: '每个数字的概率', figures: '各位数字',
    accepted: '可信', refused: '不可信',
    sure: '把握 {share}，概率已在未见过的数字上校准。',
    not_a_digit: '不像它学过的任何数字。硬要选的话：{digit}。',
    unsure: '把握只有 {share}，与另一个数字太接近，不宜采信。',
    several_digits: '看起来不止一个数字。切换到“一串数字”可以全部识别。',
    low_contrast: '墨迹太淡。', touches_border: '数字碰到了边缘。',
    tiny: '数字太小。',
    number_accepted: '每一位都可信。',
    number_refused: '虚线框中的数字不宜采信。',
    no_digits: '没有找到数字。',
    spoken: '识别为 {digit}，把握 {share}。{verdict}。', spoken_number: '识别为 {text}。{verdict}。',
    pen_down: '已落笔', pen_up: '已提笔', cleared: '画板已清空。',
    saw: '模型看到的', saw_label: '交给模型的 28×28 像素',
    heat: '热力图', against: '反对', for: '支持',
    heat_off: '裁剪后缩放到 20 × 20，再按质心居中，与 MNIST 的制作方法相同。',
    heat_on: '逐块擦去墨迹并重新识别：橙色处擦掉后更不像 {digit}，蓝色处擦掉后反而更像。',
    time: '时间花在哪里', network: '网络', server: '服务器', picture: '图像处理',
    queue: '排队', engine: '推理', explain: '热力图', milliseconds: '{n} 毫秒',
    request: '同样的请求', copy: '复制', copied: '已复制', copy_by_hand: '已选中，请按 Ctrl+C',
    save: '保存这张图片',
    footer: '图片只在内存中读取，不会保存。样例数字来自 MNIST，CC BY-SA 3.0。',
    checking: '正在连接服务器', ready: '就绪，{model}', starting: '正在加载模型',
    draining: '服务器正在关闭', unreachable: '无法连接服务器',
    unreachable_title: '无法连接服务器。',
    unreachable_text: '你写的内容会留在这里，恢复连接后立即识别。',
    busy_title: '服务器繁忙。', busy_text: '{n} 秒后重试。',
    not_ready_title: '模型仍在加载。', not_ready_text: '加载完成后会自动识别。',
    draining_title: '服务器正在关闭。', draining_text: '会一直重试，直到恢复。',
    late_title: '等待时间过长。', late_text: '{n} 秒后重试。',
    lost_title: '发送图片时连接中断。',
    lost_text: '文件可能太大（{size}）。',
    odd_title: '无法理解收到的回答。',
    odd_text: '它可能不是服务器发来的，而是来自中间的网络或代理。',
    refused_title: '这张图片无法识别。', no_reason: '没有说明原因。',
    blank_image: '图片里看不到墨迹。',
    not_an_image: '这不是可识别的图片格式：PNG、JPEG、WebP、BMP、GIF 或 TIFF。',
    damaged_image: '文件已损坏或不完整。',
    too_many_pixels: '像素太多。',
    upload_too_large: '文件太大。',
    empty_upload: '文件是空的。',
    unsupported_media_type: '不支持这种文件。',
    no_key_title: '这台服务器需要 API 密钥。', no_key_text: '密钥只留在本页。',
    wrong_key_title: '服务器不认识这个密钥。', wrong_key_text: '复制完整了吗？', key: 'API 密钥', use_key: '使用',
    no_read_title: '这台服务器一次只能识别一个数字。',
    no_read_text: '还没有 /read 接口，请切换到“一个数字”。',
    trouble_title: '服务器出错了。',
    internal_error: '详情见服务器日志。', engine_failure: '模型处理这张图片时出错。',
    slow_request: '图片传得太慢。',
    no_preview: '{name} 无法在这里显示，但已发送。',
  },
};

const KEPT_AS = 'language';

let language = 'en';

export function currentLanguage() {
  return language;
}

/** A text by its name, with `{places}` filled in; undefined where there is none. */
export function say(name, values = {}) {
  return WORDS[language][name]?.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

/** A probability, never rounded up to a certainty it is not. */
export function percent(share) {
  const shown = Math.floor(share * 1000) / 1000;
  return shown.toLocaleString(language, { style: 'percent', minimumFractionDigits: 1 });
}

/** The language chosen by hand, else the first of the browser's that is spoken here. */
export function preferredLanguage() {
  const kept = recall();
  if (kept in WORDS) return kept;
  const spoken = navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase());
  return spoken.find((tag) => tag in WORDS) ?? 'en';
}

export function switchLanguage() {
  speak(language === 'en' ? 'zh' : 'en');
  try {
    localStorage.setItem(KEPT_AS, language);
  } catch {
    // A browser that keeps nothing asks again next time.
  }
}

/** Put every text of the document into a language; an element's data fill the places of its label. */
export function speak(chosen) {
  language = chosen;
  document.documentElement.lang = chosen === 'zh' ? 'zh-CN' : 'en';
  document.title = say('title');
  for (const element of document.querySelectorAll('[data-word]')) {
    element.textContent = say(element.dataset.word);
  }
  for (const element of document.querySelectorAll('[data-label]')) {
    element.setAttribute('aria-label', say(element.dataset.label, element.dataset));
  }
}

function recall() {
  try {
    return localStorage.getItem(KEPT_AS);
  } catch {
    return null;
  }
}
