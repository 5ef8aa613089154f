// The sound of a message: two short tones, made here, so that no file is loaded.

let context: AudioContext | undefined;

const LOUDNESS = 0.06;
const TONES_HZ = [660, 880];
const TONE_S = 0.14;
/** One sound stands for what comes within this time, in whichever tab. */
const QUIET_MS = 1500;

/** Sounds, unless a tab of this browser just did. Before a person has done something in the panel, browsers let nothing be heard. */
export async function chime(): Promise<void> {
  const { locks } = navigator as { locks?: LockManager };
  if (!locks) return play();
  await locks.request("leadline.sound", { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    await play();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  });
}

async function play(): Promise<void> {
  context ??= new AudioContext();
  await context.resume();
  const volume = context.createGain();
  volume.connect(context.destination);
  const start = context.currentTime;
  const end = start + TONES_HZ.length * TONE_S;
  volume.gain.setValueAtTime(LOUDNESS, start);
  volume.gain.exponentialRampToValueAtTime(0.001, end);
  TONES_HZ.forEach((hz, i) => {
    const tone = (context as AudioContext).createOscillator();
    tone.frequency.value = hz;
    tone.connect(volume);
    tone.start(start + i * TONE_S);
    tone.stop(end);
  });
}
