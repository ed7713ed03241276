import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** SwiftShader, a Vulkan driver in software: browsers built on Chromium bring it, with the loader, in their folder. */
const FOLDERS = ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome'];

/** The environment in which a process finds the software adapter; null where this machine has none. */
export function softwareAdapter(): Readonly<Record<string, string>> | null {
  for (const folder of FOLDERS) {
    const driver = join(folder, 'vk_swiftshader_icd.json');
    if (!existsSync(driver)) continue;
    const libraries = [folder, process.env.LD_LIBRARY_PATH].filter((path) => path !== undefined).join(':');
    // The second name is what Vulkan loaders before 1.3.207 go by.
    return { VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: libraries };
  }
  return null;
}

/** What a test's title says where it cannot run. */
export const NO_ADAPTER = 'needs a software adapter: install chromium';
